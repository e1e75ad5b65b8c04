-- Work on the tasks of a workflow board: triggers that queue jobs, and what programs report about it.

-- The socket's `trigger_workflow`: queues a job for the task, unless one is open, and moves a task that has not begun to its first
-- stage, as its client does. The trigger follows its task by a moment, and may come first: then `issue` is the task.
create function logic.trigger_workflow_board_task(
    caller text, workflow text, adw_id text, job_type text, stages text[], issue jsonb, details jsonb
) returns jsonb language plpgsql as $$
declare
    place constant text := coalesce(workflow, logic.ensure_default_workflow(caller));
    who constant logic.principal := logic.authorize(caller, place, 'member');
    held tickets;
    job jsonb;
begin
    if not exists (select from tickets t where t.workflow_id = place and t.custom_fields ? 'adw_id'
                    and t.custom_fields ->> 'adw_id' = trigger_workflow_board_task.adw_id) and issue ->> 'title' is not null then
        perform logic.create_workflow_board_task(caller, place, adw_id, issue ->> 'title', issue ->> 'description',
            issue ->> 'issue_class', null, issue -> 'fields');
    end if;
    held := (logic.authorize_adw(caller, place, adw_id, 'member')).ticket;
    if cardinality(stages) > 0 and (select c.category = 'todo' from board_columns c where c.workflow_id = place and c.id = held.status) then
        begin
            perform logic.move_workflow_board_task(caller, held, stages[1]);
        exception when others then
            -- The job moves the task when its rules allow it.
            if not logic.is_error(sqlstate) then
                raise;
            end if;
        end;
    end if;
    job := logic.queue_ticket_job(caller, held.id, job_type, stages, details);
    return (select logic.workflow_board_json(t) from tickets t where t.id = held.id) || jsonb_build_object('queued', job is not null);
end
$$;

-- The job whose progress a report tells, its row locked: the caller holds it. Null fields for another report.
create function logic.lock_reported_job(who logic.principal, ticket text, report jsonb) returns jobs language plpgsql as $$
declare
    reached constant jsonb := report -> 'metadata' -> 'progress_percent';
    held jobs;
begin
    if report ->> 'event' = 'progress' and jsonb_typeof(reached) = 'number' and reached::double precision between 0 and 100
       and coalesce(report -> 'metadata' ->> 'status', 'in_progress') in ('started', 'in_progress') then
        select j.* into held from jobs j
         where j.ticket_id = lock_reported_job.ticket and j.deleted_at is null and j.finished_at is null
           and j.claimed_by = logic.effective_actor_id(who) and j.lease_expires_at > clock_timestamp()
         order by j.created_at desc, j.id desc limit 1 for no key update;
    end if;
    return held;
end
$$;

-- What a program reports about a task: a state moves it, and is recorded if it cannot; a line goes into the transcript of its
-- open job; progress is that of the job that the caller holds; everything else is an activity of the ticket. `fields` are kept with it.
create function logic.record_workflow_board_report(
    caller text, workflow text, adw_id text, state text, line text, level text, report jsonb, fields jsonb default '{}'
) returns jsonb language plpgsql as $$
declare
    access constant logic.adw_access := logic.authorize_adw(caller, workflow, adw_id, 'member');
    held constant tickets := access.ticket;
    tid constant text := held.id;
    -- Only an activity has its data apart.
    flat constant jsonb := coalesce(report -> 'metadata', '{}') || (report - 'metadata');
    is_progress constant boolean := report ->> 'event' = 'progress';
    -- Job rows are locked before tickets.
    worked constant jobs := logic.lock_reported_job(access.who, held.id, report);
    job text;
begin
    if fields <> '{}' then
        perform logic.set_custom_fields(caller, tid, fields);
    end if;
    -- Each report of progress names its step, which is news only once.
    if state is not null and not (is_progress and logic.find_column_for_word(held.workflow_id, state, held.status) is not distinct from held.status) then
        perform logic.record_ticket_event(caller, tid, 'state_change', flat || jsonb_build_object('state', state));
    end if;
    if worked.id is not null then
        perform logic.report_progress(caller, worked.id, worked.lease_token, (flat ->> 'progress_percent')::double precision, report ->> 'message');
    elsif is_progress then
        perform logic.record_ticket_event(caller, tid, 'progress', flat);
    end if;
    if state is not null or is_progress then
        return jsonb_build_object('ticket_id', tid, 'recorded', case when state is null then 'activity' else 'state' end);
    end if;
    if line is not null then
        select j.id into job from jobs j
         where j.ticket_id = tid and j.finished_at is null and j.deleted_at is null order by j.created_at desc, j.id desc limit 1;
    end if;
    if job is not null then
        perform logic.post_job_message(caller, job, line, 'step', 'agent', report -> 'metadata' ->> 'workflow_name', level, report -> 'metadata');
        return jsonb_build_object('ticket_id', tid, 'recorded', 'line');
    end if;
    perform logic.record_ticket_event(caller, tid, report ->> 'event', case report ->> 'event' when 'activity' then report else flat end);
    return jsonb_build_object('ticket_id', tid, 'recorded', 'activity');
end
$$;

-- GET /api/stage-logs/{adw_id}/{stage}: the newest transcript lines of a stage, oldest first; of all stages without one.
create function logic.list_workflow_board_lines(caller text, workflow text, adw_id text, stage text, max_rows bigint) returns jsonb
language plpgsql as $$
declare
    access constant logic.adw_access := logic.authorize_adw(caller, workflow, adw_id, 'viewer');
begin
    return (
        with
        -- The newest lines of the ticket's jobs.
        newest as (
            select m.*, j.created_at as job_created_at
              from jobs j
              join job_messages m on m.job_id = j.id
             where j.ticket_id = (access.ticket).id and j.deleted_at is null
               and (list_workflow_board_lines.stage is null or m.stage = list_workflow_board_lines.stage)
             order by j.created_at desc, m.position desc limit max_rows
        )
        select coalesce(jsonb_agg(jsonb_build_object('content', n.content, 'kind', n.kind, 'level', n.level, 'sender', n.sender,
                   'stage', n.stage, 'metadata', n.metadata, 'created_at', n.created_at) order by n.job_created_at, n.position), '[]')
          from newest n);
end
$$;
