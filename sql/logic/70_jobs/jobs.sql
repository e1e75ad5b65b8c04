-- Creating, reading, changing and deleting jobs. queue.sql, leases.sql and ends.sql hold the rest of their lifecycle.

-- Stages as they are stored: short names without repeats.
create function logic.normalize_stages(stages text[]) returns text[] language plpgsql immutable as $$
declare
    kept text[] := coalesce(logic.normalize_list(stages), '{}');
begin
    perform logic.check_list_limits('stages', kept, 50, 64);
    return kept;
end
$$;

-- Checks the workflow and ticket of a new job. Without both it goes to the caller's default workflow. A ticket's key
-- alone means the caller's default workflow, if it has one; otherwise the workflow is asked for.
create function logic.authorize_new_job(who logic.principal, caller text, workflow text, ticket text) returns logic.ticket_access language plpgsql as $$
declare
    access logic.ticket_access;
begin
    if workflow is not null then
        who := logic.authorize_principal(who, workflow, 'member');
    end if;
    if ticket is not null then
        if workflow is null and logic.parse_ticket_number(ticket) is not null then
            workflow := logic.default_workflow_of(who);
            if workflow is null then
                perform logic.fail_invalid('workflow_id', 'is required with a key like TKT-12, unless you see exactly one workflow');
            end if;
        end if;
        access := logic.authorize_ticket_for(who, ticket, 'member', workflow);
        if access.workflow_id <> coalesce(workflow, access.workflow_id) then
            perform logic.fail_invalid('ticket_id', 'must name a ticket of the workflow');
        end if;
    else
        access.workflow_id := coalesce(workflow, logic.ensure_default_workflow(caller));
        access.who := logic.authorize_principal(who, access.workflow_id, 'member');
    end if;
    return access;
end
$$;

-- The ticket of a new job that names none: created from the prompt if `wanted`; tracked workflows need one.
create function logic.create_job_ticket(
    caller text, workflow text, name text, prompt text, priority text, wanted boolean, tracking boolean, custom_fields jsonb default null
)
returns text language plpgsql as $$
begin
    if wanted then
        return logic.create_ticket(caller, workflow, case when logic.content_length(name) >= 3 and not logic.is_blank(name) then left(name, 500) else 'Job ' || left(name, 490) end,
            case when logic.content_length(prompt) >= 10 then prompt else left(format('The job "%s": %s', name, prompt), 200000) end,
            priority => create_job_ticket.priority, custom_fields => create_job_ticket.custom_fields) ->> 'ticket_id';
    elsif tracking then
        perform logic.fail('invalid', 'Ticket tracking enabled - ticket_id required. Name a ticket, or request a new one with with_ticket.',
            jsonb_build_object('field', 'ticket_id', 'rule', 'is required where ticket tracking is on'));
    end if;
    return null;
end
$$;

-- POST /api/jobs. Without a workflow and without a ticket the job goes to the caller's default workflow, with a
-- ticket made from the prompt; `with_ticket` requests one in any workflow, which keeps `ticket_fields`. `id` is one that was made
-- before, so that the ticket can name its job.
create function logic.create_job(
    caller text, workflow text default null, ticket text default null, title text default null, initial_prompt text default null,
    job_type text default null, stages text[] default null, priority text default null, payload jsonb default null,
    max_attempts bigint default null, queue boolean default false, with_ticket boolean default null,
    delay_seconds double precision default null, id text default null, ticket_fields jsonb default null
) returns jsonb language plpgsql as $$
declare
    who constant logic.principal := logic.identify_caller(caller);
    prompt constant text := coalesce(initial_prompt, '');
    name constant text := coalesce(case when not logic.is_blank(title) then logic.trim_whitespace(title) end, nullif(left(logic.trim_whitespace(split_part(logic.trim_whitespace(initial_prompt), E'\n', 1)), 120), ''), 'Job');
    access logic.ticket_access;
    tid text;
    tracking boolean;
    made jobs;
begin
    perform logic.require_scope(who, 'write');
    perform logic.set_audit_actor(who);
    access := logic.authorize_new_job(who, caller, workflow, ticket);
    tid := access.ticket_id;
    select w.ticket_tracking into tracking from workflows w where w.id = access.workflow_id;
    perform logic.require_unarchived_workflow(access.workflow_id);
    if tid is null then
        tid := logic.create_job_ticket(caller, access.workflow_id, name, prompt, priority,
            coalesce(with_ticket, create_job.workflow is null and ticket is null and tracking), tracking, ticket_fields);
    end if;
    if not (coalesce(delay_seconds, 0) between 0 and 31536000) then
        perform logic.fail_invalid('delay_seconds', 'must be between 0 and 31536000');
    end if;
    if octet_length(coalesce(payload, '{}')::text) > 262144 or jsonb_typeof(coalesce(payload, '{}')) <> 'object' then
        perform logic.fail_invalid('payload', 'must be an object of at most 256 KiB');
    end if;
    insert into jobs (id, workflow_id, ticket_id, title, initial_prompt, job_type, stages, status, priority, payload, max_attempts,
                      not_before, created_by)
    values (coalesce(create_job.id, logic.new_id('job')), access.workflow_id, tid, left(name, 500), prompt, coalesce(nullif(logic.trim_whitespace(create_job.job_type), ''), 'task'),
            logic.normalize_stages(create_job.stages), case when queue then 'queued' else 'collecting' end,
            coalesce(create_job.priority, (select t.priority from tickets t where t.id = tid), 'medium'),
            coalesce(create_job.payload, '{}'), coalesce(create_job.max_attempts, 3),
            clock_timestamp() + make_interval(secs => coalesce(delay_seconds, 0)), logic.effective_actor_id(who))
    returning * into made;
    return logic.job_json(made);
end
$$;

-- GET /api/jobs/{id}
create function logic.get_job(caller text, job text) returns jsonb language plpgsql as $$
declare
    found_job constant jobs := (logic.authorize_job(caller, job, 'viewer')).job;
begin
    return logic.job_json(found_job) || jsonb_build_object('usage', logic.job_usage_json(found_job.id));
end
$$;

-- GET /api/jobs: newest first, in keyset pages; of one workflow or of all of the caller's.
create function logic.list_jobs(
    caller text, workflow text default null, ticket text default null, statuses text[] default null, mine boolean default false,
    title text default null, max_rows bigint default 50, cursor text default null
) returns jsonb language plpgsql as $$
declare
    who constant logic.principal := logic.identify_caller(caller);
    tid text;
    -- The only workflow that is read, also for a ticket that is given alone.
    place text := workflow;
    about jsonb;
    -- [created_at, id]
    last_seen jsonb;
    answer jsonb;
begin
    perform logic.require_scope(who, 'read');
    if ticket is not null then
        select a.ticket_id, a.workflow_id into tid, place from logic.authorize_ticket_for(who, ticket, 'viewer', workflow) a;
    elsif workflow is not null then
        perform logic.authorize_principal(who, workflow, 'viewer');
    end if;
    if exists (select from unnest(statuses) s
                where s not in ('collecting', 'queued', 'running', 'paused', 'waiting', 'succeeded', 'failed', 'cancelled')) then
        perform logic.fail_invalid('status', 'must be one of collecting, queued, running, paused, waiting, succeeded, failed, cancelled');
    end if;
    about := jsonb_build_array(workflow, tid, statuses, coalesce(mine, false), title);
    last_seen := logic.read_cursor(cursor, 'jobs', about);
    with
    -- The workflows that are read. Each gives a page, from an index in the order of the list.
    places as (
        select w.id from workflows w
         where (place is null or w.id = place) and (list_jobs.workflow is null or w.id = list_jobs.workflow)
           and (who.is_admin or exists (select from workflow_members m where m.workflow_id = w.id and m.actor_id = who.actor_id))
    ),
    -- One row more than requested, to learn whether there are more.
    page as (
        select n.job, row_number() over (order by n.created_at desc, n.id desc) as place
          from places p
         cross join lateral (
               select j as job, j.created_at, j.id from jobs j
                where j.workflow_id = p.id and j.deleted_at is null
                  and (tid is null or j.ticket_id = tid)
                  and (statuses is null or j.status = any (statuses))
                  and (not mine or logic.effective_actor_id(who) in (j.created_by, j.claimed_by))
                  and (list_jobs.title is null or strpos(lower(j.title), lower(list_jobs.title)) > 0)
                  and (last_seen is null or (j.created_at, j.id) < ((last_seen ->> 0)::timestamptz, last_seen ->> 1))
                order by j.created_at desc, j.id desc
                limit max_rows + 1) n
         order by n.created_at desc, n.id desc
         limit max_rows + 1
    )
    select jsonb_build_object(
        'jobs', coalesce(jsonb_agg(logic.job_json(p.job) order by p.place) filter (where p.place <= max_rows), '[]'))
        || logic.page_end(count(*), max_rows, 'jobs', about, jsonb_build_array(
            max((p.job).created_at) filter (where p.place = max_rows), max((p.job).id) filter (where p.place = max_rows)))
      into answer from page p;
    return answer;
end
$$;

-- PATCH /api/jobs/{id}; null leaves a field as it is. The prompt is fixed once the job has left `collecting`.
create function logic.update_job(
    caller text, job text, title text default null, initial_prompt text default null, priority text default null,
    payload jsonb default null, stages text[] default null
) returns jsonb language plpgsql as $$
declare
    held jobs := (logic.authorize_job(caller, job, 'member', lock_row => true)).job;
begin
    if initial_prompt is not null and held.status <> 'collecting' then
        perform logic.fail('conflict', format('The prompt can be changed only while the job is collecting; it is %s.', held.status),
            jsonb_build_object('field', 'initial_prompt', 'status', held.status));
    end if;
    if stages is not null and held.status not in ('collecting', 'queued') then
        perform logic.fail('conflict', format('The stages can be changed only before the job runs; it is %s.', held.status),
            jsonb_build_object('field', 'stages', 'status', held.status));
    end if;
    if initial_prompt is not null and logic.is_blank(initial_prompt) then
        perform logic.fail_invalid('initial_prompt', 'must not be empty');
    end if;
    if title is not null and logic.is_blank(title) then
        perform logic.fail_invalid('title', 'must not be empty');
    end if;
    if octet_length(payload::text) > 262144 or jsonb_typeof(payload) <> 'object' then
        perform logic.fail_invalid('payload', 'must be an object of at most 256 KiB');
    end if;
    update jobs j set
        title = coalesce(logic.trim_whitespace(update_job.title), j.title),
        initial_prompt = coalesce(update_job.initial_prompt, j.initial_prompt),
        priority = coalesce(update_job.priority, j.priority),
        payload = coalesce(update_job.payload, j.payload),
        stages = case when update_job.stages is null then j.stages else logic.normalize_stages(update_job.stages) end
     where j.id = held.id returning * into held;
    return logic.job_json(held);
end
$$;

-- DELETE /api/jobs/{id}: an open job is cancelled first; later writes of its worker are rejected.
create function logic.delete_job(caller text, job text) returns jsonb language plpgsql as $$
declare
    held jobs := (logic.authorize_job(caller, job, 'member', lock_row => true)).job;
begin
    if held.finished_at is null then
        perform logic.end_job(held, 'cancelled', 'Deleted.');
    end if;
    update jobs j set deleted_at = clock_timestamp() where j.id = held.id;
    return jsonb_build_object('success', true, 'job_id', held.id, 'message', format('Deleted the job "%s".', held.title));
end
$$;

-- POST /api/jobs/purge: removes the caller's own jobs for good, with messages, apps and approvals. Only the HTTP route of
-- a server in development mode exposes this. History stays.
create function logic.purge_jobs(caller text) returns jsonb language plpgsql as $$
declare
    who logic.principal := logic.identify_caller(caller);
    one jobs;
    gone bigint := 0;
begin
    perform logic.require_scope(who, 'write');
    perform logic.set_audit_actor(who);
    for one in
        select j.* from jobs j
         where j.created_by = logic.effective_actor_id(who)
           and (who.is_admin or exists (select from workflow_members m where m.workflow_id = j.workflow_id
                                          and m.actor_id = who.actor_id and m.role <> 'viewer'))
         order by j.id for update of j
    loop
        if one.deleted_at is null then
            perform logic.delete_job(caller, one.id);
        end if;
        -- Its approvals are removed too; a ticket that only its review blocked is as before.
        update tickets t set approval_status = a.ticket_before
          from approvals a
         where a.job_id = one.id and a.kind = 'review' and a.status = 'pending' and t.id = a.ticket_id and t.approval_status = 'pending_review';
        update approvals a set status = 'withdrawn', reason = 'The job was purged.' where a.job_id = one.id and a.status = 'pending';
        delete from approvals a where a.job_id = one.id;
        delete from jobs j where j.id = one.id;
        gone := gone + 1;
    end loop;
    return jsonb_build_object('success', true, 'deleted', gone);
end
$$;
