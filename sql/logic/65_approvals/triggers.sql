-- Triggers of approvals: each question and each decision is an event in the stream of its workflow and, where
-- it belongs to a job, in the job's stream too.
-- Lock order: job row, ticket row, approval row, then the streams. The columns that name the subject of an
-- approval never change, so they can be read before any lock is taken.

-- BEFORE INSERT, by row: fills missing values.
create function logic.approval_before_insert() returns trigger language plpgsql as $$
begin
    new.id := coalesce(new.id, logic.new_id('approval'));
    if new.status <> 'pending' then
        new.decided_at := coalesce(new.decided_at, clock_timestamp());
    end if;
    return new;
end
$$;

-- BEFORE UPDATE, by row: the subject of an approval never changes; a decision gets its time.
create function logic.approval_before_update() returns trigger language plpgsql as $$
begin
    if (new.id, new.workflow_id, new.ticket_id, new.job_id, new.kind) is distinct from (old.id, old.workflow_id, old.ticket_id, old.job_id, old.kind) then
        perform logic.fail('conflict', 'What an approval is about never changes.');
    end if;
    if new.status = 'pending' then
        new.decided_at := null;
    elsif new.status <> old.status then
        new.decided_at := coalesce(new.decided_at, clock_timestamp());
    end if;
    return new;
end
$$;

-- The events of an approval: one for the workflow's stream and, if it has a job, one for the job's. Rows in a job's
-- stream leave ticket_id null, because a ticket's room reads the workflow's stream.
create function logic.approval_changes(approval approvals) returns jsonb language plpgsql stable as $$
declare
    shown constant jsonb := logic.approval_json(approval);
    name constant text := case when approval.kind = 'review' then shown ->> 'ticket_key' else 'the ' || approval.kind end;
    event jsonb;
begin
    event := jsonb_build_object(
        'workflow_id', approval.workflow_id, 'ticket_id', approval.ticket_id, 'job_id', approval.job_id,
        'change_type', 'approval_' || case approval.status when 'pending' then 'requested' else approval.status end,
        'field_name', approval.kind, 'new_value', approval.id,
        'description', case approval.status
            when 'pending' then case approval.kind when 'review' then format('Asked to review %s.', name)
                else format('Asked: %s', left(approval.question, 200)) end
            when 'approved' then format('Approved %s.', name)
            when 'rejected' then format('Rejected %s.', name)
            when 'answered' then format('Answered %s: %s', name, left(approval.answer, 200))
            when 'expired' then format('Expired: %s was not decided in time.', name)
            else format('Withdrew %s.', case approval.kind when 'review' then 'the review of ' || name else name end) end,
        'metadata', jsonb_build_object('approval', shown) || case when approval.kind = 'review' then (
            select jsonb_build_object('changes', jsonb_build_object('approval_status', t.approval_status, 'version', t.version, 'updated_at', t.updated_at))
              from tickets t where t.id = approval.ticket_id) else '{}' end);
    if exists (select from streams s where s.stream_id = 'job:' || approval.job_id) then
        return jsonb_build_array(event, event || jsonb_build_object('ticket_id', null, 'stream_id', 'job:' || approval.job_id));
    end if;
    return jsonb_build_array(event);
end
$$;

-- AFTER INSERT, by statement.
create function logic.approvals_inserted() returns trigger language plpgsql as $$
begin
    perform logic.record_json_changes((
        select jsonb_agg(c.change order by n.id, c.place)
          from new_rows n
          cross join lateral jsonb_array_elements(logic.approval_changes(n)) with ordinality c (change, place)));
    return null;
end
$$;

-- AFTER UPDATE, by statement: decisions, and edits of a pending request.
create function logic.approvals_updated() returns trigger language plpgsql as $$
begin
    perform logic.record_json_changes((
        select jsonb_agg(c.change order by n.id, c.place)
          from new_rows n
          join old_rows o using (id)
          cross join lateral jsonb_array_elements(logic.approval_changes(n)) with ordinality c (change, place)
         where (n.status, n.answer, n.reason, n.decided_by, n.question, n.context, n.options, n.checks, n.expires_at, n.blocks_job)
               is distinct from (o.status, o.answer, o.reason, o.decided_by, o.question, o.context, o.options, o.checks, o.expires_at, o.blocks_job)));
    return null;
end
$$;

-- AFTER UPDATE of a job, by row: withdraws the pending questions of an ended job.
create function logic.job_questions_end() returns trigger language plpgsql as $$
begin
    -- An update of no rows would start the triggers of approvals too.
    if exists (select from approvals a where a.job_id = new.id and a.status = 'pending' and a.kind <> 'review') then
        update approvals a set status = 'withdrawn', reason = 'The job has ended.'
         where a.job_id = new.id and a.status = 'pending' and a.kind <> 'review';
    end if;
    return null;
end
$$;

create trigger approval_before_insert before insert on approvals for each row
    when (coalesce(current_setting('callboard.archive', true), '') <> 'on')
    execute function logic.approval_before_insert();
create trigger approval_before_update before update on approvals for each row execute function logic.approval_before_update();
create trigger approvals_inserted after insert on approvals
    referencing new table as new_rows for each statement when (coalesce(current_setting('callboard.archive', true), '') <> 'on')
    execute function logic.approvals_inserted();
create trigger approvals_updated after update on approvals
    referencing old table as old_rows new table as new_rows for each statement execute function logic.approvals_updated();
create trigger job_questions_end after update on jobs for each row
    when ((new.status in ('succeeded', 'failed', 'cancelled') and new.status <> old.status)
        or (new.deleted_at is not null and old.deleted_at is null))
    execute function logic.job_questions_end();
