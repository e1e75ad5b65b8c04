-- What a worker writes while a job runs: stages, progress, lines of the transcript.

-- Adds a system line to a job's transcript, as a step or in its chat. The job's row is locked.
create function logic.append_transcript(job jobs, content text, level text default 'info', kind text default 'step') returns void language sql
begin atomic
    insert into job_messages (job_id, workflow_id, kind, role, sender, level, content, stage, attempt)
    values (job.id, job.workflow_id, append_transcript.kind, 'system', 'callboard', append_transcript.level, append_transcript.content, job.stage, job.attempt);
end;

-- Moves a job's ticket to the column with that id or name, if its board has one. If the board's rules forbid the move, the
-- ticket stays and the transcript gives the reason: a job does not fail because of a board. Returns whether the
-- ticket moved and what prevented it. With `refuse_full` a full column fails the whole call (used by claims).
create function logic.move_job_ticket(
    caller text, job jobs, column_id text, refuse_full boolean default false, out moved boolean, out notice text
) language plpgsql as $$
declare
    ticket tickets;
    answer jsonb;
begin
    moved := false;
    -- Again if the ticket changed between reading and moving it.
    for attempt in 1 .. 5 loop
        notice := null;
        select t.* into ticket from tickets t where t.id = job.ticket_id and logic.is_live(t);
        if not exists (select from board_columns c where c.workflow_id = ticket.workflow_id and c.id = column_id) then
            column_id := (select c[1] from logic.find_columns(ticket.workflow_id, column_id) c where cardinality(c) = 1);
        end if;
        if ticket.id is null or column_id is null or ticket.status = column_id then
            return;
        end if;
        if ticket.is_resolved and not exists (
            select from board_columns c where c.workflow_id = ticket.workflow_id and c.id = column_id and c.category = 'done') then
            -- A job does not reopen what was resolved while it ran.
            notice := 'it is resolved.';
            exit;
        end if;
        begin
            answer := logic.change_status(caller, ticket.id, column_id, (
                select format('The job "%s" is in the stage %s.', job.title, column_id) from boards b
                 where b.workflow_id = ticket.workflow_id and b.require_comments_on_status_change), version => ticket.version);
            moved := (answer ->> 'success')::boolean;
            notice := case when not moved then answer ->> 'message' end;
            exit;
        exception when others then
            if not logic.is_error(sqlstate) or (refuse_full and logic.is_error(sqlstate, 'wip_limit')) then
                raise;
            end if;
            notice := sqlerrm;
            exit when not logic.is_error(sqlstate, 'stale_version');
        end;
    end loop;
    if notice is not null then
        perform logic.append_transcript(job, format('TKT-%s stays in %s: %s', ticket.number, ticket.status, notice), 'warning');
    end if;
end
$$;

-- POST /api/jobs/{id}/stage: enters a stage and moves the ticket to the stage's column.
create function logic.enter_stage(caller text, job text, token text, stage text, message text default null) returns jsonb language plpgsql as $$
declare
    held jobs := (logic.authorize_lease(caller, job, token)).job;
    moved record;
begin
    if logic.trim_whitespace(coalesce(stage, '')) = '' or char_length(stage) > 64 then
        perform logic.fail_invalid('stage', 'must have 1 to 64 characters');
    end if;
    stage := coalesce((select s from unnest(held.stages) s where logic.plain_name(s) = logic.plain_name(stage) order by s = stage desc limit 1), stage);
    if cardinality(held.stages) > 0 and stage <> all (held.stages) then
        perform logic.fail_invalid('stage', format('must be one of %s', array_to_string(held.stages, ', ')));
    end if;
    update jobs j set stage = enter_stage.stage, progress_message = coalesce(left(enter_stage.message, 2000), '')
     where j.id = held.id returning * into held;
    moved := logic.move_job_ticket(caller, held, enter_stage.stage);
    return jsonb_build_object('success', true, 'job', logic.job_json(held), 'ticket_moved', moved.moved, 'notice', moved.notice);
end
$$;

-- POST /api/jobs/{id}/progress
create function logic.report_progress(caller text, job text, token text, progress double precision default null, message text default null)
returns jsonb language plpgsql as $$
declare
    held jobs := (logic.authorize_lease(caller, job, token)).job;
begin
    if report_progress.progress is null and message is null then
        perform logic.fail_invalid('progress', 'or message must be given');
    end if;
    update jobs j set progress = coalesce(report_progress.progress, j.progress),
        progress_message = coalesce(left(report_progress.message, 2000), j.progress_message)
     where j.id = held.id returning * into held;
    return jsonb_build_object('success', true, 'job_id', held.id, 'progress', held.progress, 'message', held.progress_message);
end
$$;

-- POST /api/jobs/{id}/messages: up to 100 transcript lines at once, from the worker that holds the lease.
create function logic.post_job_messages(caller text, job text, token text, messages jsonb) returns jsonb language plpgsql as $$
declare
    held jobs := (logic.authorize_lease(caller, job, token)).job;
    answer jsonb;
begin
    if jsonb_typeof(messages) <> 'array' or jsonb_array_length(messages) not between 1 and 100 then
        perform logic.fail_invalid('messages', 'must list 1 to 100 messages');
    end if;
    if exists (select from jsonb_array_elements(messages) m where jsonb_typeof(m -> 'metadata') not in ('object', 'null')) then
        perform logic.fail_invalid('metadata', 'must be an object');
    end if;
    with
    -- The inserted rows, in the given order.
    made as (
        insert into job_messages (job_id, workflow_id, kind, role, sender, level, content, stage, attempt, metadata, agent_id)
        select held.id, held.workflow_id, m.kind, coalesce(m.role, 'agent'), coalesce(left(m.sender, 200), held.worker), coalesce(m.level, 'info'),
               m.content, held.stage, held.attempt, coalesce(m.metadata, '{}'), held.claimed_by
          from jsonb_array_elements(messages) with ordinality e (item, place)
         cross join lateral jsonb_to_record(e.item) m (kind text, role text, sender text, level text, content text, metadata jsonb)
         order by e.place
        returning id, position
    )
    select jsonb_agg(jsonb_build_object('message_id', m.id, 'order', m.position) order by m.position) into answer from made m;
    return jsonb_build_object('success', true, 'job_id', held.id, 'messages', answer);
end
$$;
