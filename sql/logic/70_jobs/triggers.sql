-- Triggers of jobs, their messages and apps.
-- Lock order: the job row, which every writer holds already (or has just inserted), then the streams.
--
-- Each job has a stream of its own, `job:<id>`, with all of its events. The workflow's stream, and so the
-- ticket's room, gets the same events except `log` messages, so that command output does not flood boards.
-- Rows in a job's stream leave the column ticket_id null, because a ticket's room reads the workflow's stream;
-- the ticket is in the event's data.

-- One change of a job for history: in the job's stream and, unless `quiet`, in the workflow's.
create function logic.job_change(
    workflow text, job text, ticket text, change_type text, field_name text, old_value text, new_value text, description text,
    metadata jsonb, quiet boolean default false
) returns logic.change[] language sql immutable
begin atomic
    select array_agg((workflow, case when s.stream is null then ticket end, change_type, field_name, old_value, new_value, description,
                      metadata || jsonb_build_object('ticket_id', ticket), job, s.stream)::logic.change)
      from (values ('job:' || job), (null)) s (stream) where s.stream is not null or not quiet;
end;

-- BEFORE INSERT, by row: fills missing values.
create function logic.job_before_insert() returns trigger language plpgsql as $$
begin
    new.id := coalesce(new.id, logic.new_id('job'));
    new.status := coalesce(new.status, 'collecting');
    new.title := coalesce(new.title, 'Job');
    if new.status <> 'collecting' then
        new.queued_at := coalesce(new.queued_at, clock_timestamp());
    end if;
    return new;
end
$$;

-- BEFORE UPDATE, by row: times that follow from the status. The identity of a job never changes.
create function logic.job_before_update() returns trigger language plpgsql as $$
begin
    if (new.id, new.workflow_id, new.ticket_id) is distinct from (old.id, old.workflow_id, old.ticket_id) then
        perform logic.fail('conflict', 'The id, workflow and ticket of a job never change.');
    end if;
    if new.status <> old.status then
        new.no_worker_since := null;
        if new.status = 'queued' then
            new.queued_at := clock_timestamp();
        elsif new.status = 'running' then
            new.started_at := coalesce(new.started_at, clock_timestamp());
        end if;
        -- An ended job has no lease; a restarted one has no end.
        if new.status in ('succeeded', 'failed', 'cancelled') then
            new.finished_at := clock_timestamp();
            new.lease_expires_at := null;
        else
            new.finished_at := null;
        end if;
    end if;
    if new is distinct from old then
        new.updated_at := clock_timestamp();
    end if;
    return new;
end
$$;

-- AFTER INSERT, by statement: each job gets its stream, whose first event is its first status.
create function logic.jobs_inserted() returns trigger language plpgsql as $$
begin
    insert into streams (stream_id, workflow_id) select 'job:' || n.id, n.workflow_id from new_rows n;
    perform logic.record_changes((
        select array_agg(c order by j.created_at, j.id)
          from new_rows n
          join jobs j on j.id = n.id
         cross join lateral unnest(logic.job_change(j.workflow_id, j.id, j.ticket_id, 'job_status', 'status', null, j.status,
                format('Created the job "%s".', j.title),
                jsonb_build_object('old_status', null, 'new_status', j.status, 'job', logic.job_summary(j)))) c));
    return null;
end
$$;

-- AFTER UPDATE, by row (jobs change one at a time). The trigger ignores heartbeats and lease renewals.
create function logic.job_updated() returns trigger language plpgsql as $$
begin
    perform logic.record_changes(logic.job_update_changes(old, new));
    return null;
end
$$;

-- The events of one job's update. Stage and progress come before the status that ends the job.
create function logic.job_update_changes(o jobs, n jobs) returns logic.change[] language plpgsql stable as $$
declare
    summary constant jsonb := jsonb_build_object('job', logic.job_summary(n));
    ended constant boolean := n.status in ('succeeded', 'failed', 'cancelled');
    status_change logic.change[] := '{}';
    others logic.change[] := '{}';
begin
    if n.deleted_at is not null and o.deleted_at is null then
        return logic.job_change(n.workflow_id, n.id, n.ticket_id, 'job_deleted', 'deleted_at', null, null,
            format('Deleted the job "%s".', n.title), jsonb_build_object('job_id', n.id, 'job_title', n.title));
    end if;
    if n.status <> o.status then
        status_change := logic.job_change(n.workflow_id, n.id, n.ticket_id, 'job_status', 'status', o.status, n.status,
            format('The job "%s" went from %s to %s.', n.title, o.status, n.status),
            jsonb_build_object('old_status', o.status, 'new_status', n.status,
                'ticket_status', (select t.status from tickets t where t.id = n.ticket_id)) || summary);
    end if;
    if n.stage is distinct from o.stage and n.stage is not null then
        others := others || logic.job_change(n.workflow_id, n.id, n.ticket_id, 'job_stage', 'stage', o.stage, n.stage,
            format('Entered the stage %s.', n.stage),
            jsonb_build_object('from_stage', o.stage, 'to_stage', n.stage, 'message', n.progress_message) || summary);
    elsif (n.progress, n.progress_message) is distinct from (o.progress, o.progress_message) and not (ended or n.status = 'queued') then
        others := others || logic.job_change(n.workflow_id, n.id, n.ticket_id, 'job_progress', 'progress', o.progress::text, n.progress::text,
            n.progress_message, jsonb_build_object('progress', n.progress, 'message', n.progress_message) || summary);
    end if;
    if (n.title, n.initial_prompt, n.priority, n.stages) is distinct from (o.title, o.initial_prompt, o.priority, o.stages)
       or n.payload is distinct from o.payload
       or (n.cancel_requested_at is not null and o.cancel_requested_at is null) then
        others := others || logic.job_change(n.workflow_id, n.id, n.ticket_id, 'job_updated', null, null, null,
            case when n.cancel_requested_at is not null and o.cancel_requested_at is null
                 then 'Requested cancellation.' else 'Changed the job.' end,
            jsonb_build_object('cancel_requested', n.cancel_requested_at is not null, 'initial_prompt', left(n.initial_prompt, 4000)) || summary);
    end if;
    if n.status = o.status and (n.no_worker_since is null) <> (o.no_worker_since is null) then
        others := others || logic.job_change(n.workflow_id, n.id, n.ticket_id, 'job_updated', 'no_worker', null, null,
            case when n.no_worker_since is null then format('A worker takes jobs of the type %s again.', n.job_type)
                 else format('No worker takes jobs of the type %s.', n.job_type) end,
            jsonb_build_object('cancel_requested', n.cancel_requested_at is not null, 'no_worker', n.no_worker_since is not null) || summary);
    end if;
    return case when ended then others || status_change else status_change || others end;
end
$$;

-- BEFORE INSERT, by row: the position in the transcript. Rows of one statement see each other here.
create function logic.job_message_before_insert() returns trigger language plpgsql as $$
begin
    new.id := coalesce(new.id, logic.new_id('message'));
    if new.position is null then
        perform 1 from jobs j where j.id = new.job_id for no key update;
        new.position := coalesce((select max(m.position) from job_messages m where m.job_id = new.job_id), 0) + 1;
    end if;
    return new;
end
$$;

-- AFTER INSERT, by statement. The event names the message; logic.event_data adds its text.
create function logic.job_messages_inserted() returns trigger language plpgsql as $$
begin
    perform logic.count_in_stages((select array_agg(n::job_messages) from new_rows n where n.kind <> 'log'));
    perform logic.record_changes((
        select array_agg(c order by n.job_id, n.position)
          from new_rows n
          join jobs j on j.id = n.job_id
         cross join lateral unnest(logic.job_change(n.workflow_id, n.job_id, j.ticket_id, 'job_message', n.kind, null, n.id, '',
                jsonb_build_object('job_title', j.title, 'counts', jsonb_build_object('messages', n.position))
                    || case when j.ticket_id is null or n.kind = 'log' then '{}'
                            else jsonb_build_object('stage_counts', logic.stage_counts_json(j.ticket_id, coalesce(n.stage, ''))) end, quiet => n.kind = 'log')) c));
    return null;
end
$$;

-- AFTER DELETE, by statement; not for messages that were removed with their job, nor by retention (logic.prune_transcripts).
create function logic.job_messages_deleted() returns trigger language plpgsql as $$
declare
    message job_messages;
    changes logic.change[] := '{}';
begin
    if current_setting('callboard.pruning', true) = 'on' then
        return null;
    end if;
    perform logic.count_in_stages((select array_agg(o::job_messages) from old_rows o where o.kind <> 'log'), -1);
    for message in select o.* from old_rows o where exists (select from jobs j where j.id = o.job_id) order by o.job_id, o.position loop
        changes := changes || logic.job_change(message.workflow_id, message.job_id,
            (select j.ticket_id from jobs j where j.id = message.job_id), 'job_message_deleted', message.kind, message.id, null,
            'Deleted a message.', jsonb_build_object('message_id', message.id), quiet => message.kind = 'log');
    end loop;
    perform logic.record_changes(changes);
    return null;
end
$$;

-- AFTER INSERT OR UPDATE, by row: a job has one app.
create function logic.app_written() returns trigger language plpgsql as $$
begin
    if tg_op = 'INSERT' or (new.spec, new.prd_markdown, new.title) is distinct from (old.spec, old.prd_markdown, old.title) then
        perform logic.record_changes(logic.job_change(new.workflow_id, new.job_id, new.ticket_id, 'app_ready', null, null, new.id,
            format('The specification "%s" is ready.', new.title),
            jsonb_build_object('job_title', (select j.title from jobs j where j.id = new.job_id))));
    end if;
    return null;
end
$$;

create trigger job_before_insert before insert on jobs for each row
    when (coalesce(current_setting('callboard.archive', true), '') <> 'on')
    execute function logic.job_before_insert();
create trigger job_before_update before update on jobs for each row execute function logic.job_before_update();
create trigger jobs_inserted after insert on jobs
    referencing new table as new_rows for each statement when (coalesce(current_setting('callboard.archive', true), '') <> 'on')
    execute function logic.jobs_inserted();
create trigger job_updated after update on jobs for each row
    when ((old.status, old.stage, old.progress, old.progress_message, old.deleted_at, old.title, old.initial_prompt, old.priority,
           old.stages, old.cancel_requested_at, old.payload, old.no_worker_since is null)
          is distinct from
          (new.status, new.stage, new.progress, new.progress_message, new.deleted_at, new.title, new.initial_prompt, new.priority,
           new.stages, new.cancel_requested_at, new.payload, new.no_worker_since is null))
    execute function logic.job_updated();
create trigger job_message_before_insert before insert on job_messages
    for each row when (coalesce(current_setting('callboard.archive', true), '') <> 'on')
    execute function logic.job_message_before_insert();
create trigger job_messages_inserted after insert on job_messages
    referencing new table as new_rows for each statement when (coalesce(current_setting('callboard.archive', true), '') <> 'on')
    execute function logic.job_messages_inserted();
create trigger job_messages_deleted after delete on job_messages
    referencing old table as old_rows for each statement execute function logic.job_messages_deleted();
create trigger app_written after insert or update on apps for each row
    when (coalesce(current_setting('callboard.archive', true), '') <> 'on')
    execute function logic.app_written();
