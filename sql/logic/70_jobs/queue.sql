-- The queue of jobs: claiming. All times are those of the database clock.

-- The pause before the next attempt: 10 s, 20 s, 40 s, … at most ten minutes, with 20 % jitter so that jobs which
-- failed together do not retry together.
create function logic.retry_backoff(attempt bigint) returns interval language sql volatile
begin atomic
    select least(interval '10 minutes', interval '5 seconds' * 2 ^ least(attempt, 10)) * (0.8 + random() * 0.4);
end;

-- Whether a job's ticket lets it run: live, not resolved, unblocked, reviewed, and its column not full where the board
-- enforces WIP limits.
create function logic.is_job_ready(job jobs) returns boolean language sql stable
begin atomic
    select job.ticket_id is null or exists (
        select from tickets t
         where t.id = job.ticket_id and logic.is_open(t) and coalesce(t.approval_status, 'approved') = 'approved'
           and not exists (select from logic.active_blockers k where k.ticket_id = t.id)
           and not exists (
                select from board_columns c
                  join boards b on b.workflow_id = c.workflow_id and b.wip_policy = 'refuse'
                 where c.workflow_id = t.workflow_id and c.id = coalesce(job.stage, job.stages[1]) and c.id <> t.status
                   and c.wip_limit <= (select count(*) from tickets o
                                        where o.workflow_id = c.workflow_id and o.status = c.id and logic.is_live(o))));
end;

-- The first queued job of an urgency from a floor on, ready or not; [created_at, id]. A workflow's own or, for null, of all.
-- Without `enable_sort`, it and the next function walk along the index of the queue, also by a plan that was made when the
-- queue was short or before there were statistics: sorting 12,500 jobs takes a third of a second.
create function logic.first_queued_job(workflow text, urgency bigint, floor jsonb) returns jsonb language plpgsql stable
set enable_sort = off as $$
declare
    from_time constant timestamptz := coalesce((floor ->> 0)::timestamptz, '-infinity');
    from_id constant text := coalesce(floor ->> 1, '');
    first jsonb;
begin
    -- Two statements, so that each uses its own index.
    if workflow is not null then
        select jsonb_build_array(j.created_at, j.id) into first from jobs j
         where j.workflow_id = first_queued_job.workflow and j.urgency = first_queued_job.urgency and j.status = 'queued' and j.deleted_at is null
           and (j.created_at, j.id) >= (from_time, from_id)
         order by j.created_at, j.id limit 1;
    else
        select jsonb_build_array(j.created_at, j.id) into first from jobs j
         where j.urgency = first_queued_job.urgency and j.status = 'queued' and j.deleted_at is null
           and (j.created_at, j.id) >= (from_time, from_id)
         order by j.created_at, j.id limit 1;
    end if;
    return first;
end
$$;

-- The next job of an urgency that can be claimed, its row locked, from the first queued one on; rows locked by other claims
-- are skipped.
create function logic.lock_next_job_of(who logic.principal, workflow text, urgency bigint, first jsonb, job_types text[], skipped text[])
returns jobs language plpgsql set enable_sort = off as $$
declare
    from_time constant timestamptz := (first ->> 0)::timestamptz;
    from_id constant text := first ->> 1;
    picked jobs;
begin
    if workflow is not null then
        select j.* into picked from jobs j
         where j.workflow_id = lock_next_job_of.workflow and j.urgency = lock_next_job_of.urgency and j.status = 'queued' and j.deleted_at is null
           and (j.created_at, j.id) >= (from_time, from_id)
           and j.not_before <= clock_timestamp() and (job_types is null or j.job_type = any (job_types))
           and j.id <> all (skipped) and logic.is_job_ready(j)
         order by j.created_at, j.id limit 1 for no key update of j skip locked;
    else
        select j.* into picked from jobs j
         where j.urgency = lock_next_job_of.urgency and j.status = 'queued' and j.deleted_at is null
           and (j.created_at, j.id) >= (from_time, from_id)
           and j.not_before <= clock_timestamp() and (job_types is null or j.job_type = any (job_types))
           and j.id <> all (skipped) and logic.is_job_ready(j)
           and exists (select from workflows w where w.id = j.workflow_id and w.archived_at is null)
           -- Memberships only, for administrators too: a worker runs no job of a workflow that its owner did not admit.
           and exists (select from workflow_members m where m.workflow_id = j.workflow_id
                          and m.actor_id = who.actor_id and m.role <> 'viewer')
         order by j.created_at, j.id limit 1 for no key update of j skip locked;
    end if;
    return picked;
end
$$;

-- The next job that can be claimed, its row locked: by urgency, then age. A session that read much to find it begins at the
-- queue's floors from then on; see 00_floors.sql.
create function logic.lock_next_job(who logic.principal, workflow text, job_types text[], skipped text[]) returns jobs language plpgsql as $$
declare
    queue constant text := coalesce(workflow, '');
    read_before constant bigint := pg_stat_get_xact_blocks_fetched('public.jobs'::regclass);
    seen constant pg_snapshot := pg_current_snapshot();
    held constant jsonb := logic.recall_queue_floors(queue);
    floors jsonb := case when held is null then '{}' else logic.lowered_queue_floors(held) end;
    first jsonb;
    picked jobs;
    noted boolean;
begin
    for urgency in 0..3 loop
        -- Known to be empty.
        continue when floors -> urgency::text ->> 0 = 'infinity';
        first := logic.first_queued_job(workflow, urgency, floors -> urgency::text);
        floors := floors || jsonb_build_object(urgency, coalesce(first, '["infinity", ""]'));
        continue when first is null;
        picked := logic.lock_next_job_of(who, workflow, urgency, first, job_types, skipped);
        exit when picked.id is not null;
    end loop;
    if held is not null or pg_stat_get_xact_blocks_fetched('public.jobs'::regclass) - read_before > logic.long_queue_search() then
        noted := logic.remember_queue_floors(queue, seen, coalesce((held ->> 'since')::timestamptz, clock_timestamp()), floors);
    end if;
    return picked;
end
$$;

-- POST /api/jobs/claim: the most urgent ready job, then the oldest; each job goes to one claim. The claim enters the
-- job's first stage (or the one it was in), assigns its ticket and moves it in the same transaction. `job` is null if none
-- is ready.
create function logic.claim_job(
    caller text, workflow text default null, job_types text[] default null, worker text default null, lease_seconds double precision default null
) returns jsonb language plpgsql as $$
declare
    who logic.principal;
    lease interval;
    picked jobs;
    last_agent text;
    skipped text[] := '{}';
    token text;
begin
    if workflow is not null then
        who := logic.authorize(caller, workflow, 'member');
        perform logic.require_unarchived_workflow(workflow);
    else
        who := logic.identify_caller(caller);
        perform logic.require_scope(who, 'write');
        perform logic.set_audit_actor(who);
    end if;
    -- Invalid input is rejected whether a job is ready or not.
    lease := logic.lease_duration(lease_seconds);
    perform logic.note_worker(who, workflow, job_types, worker);
    loop
        picked := logic.lock_next_job(who, workflow, job_types, skipped);
        -- Servers take jobs back from lost workers every second; a claim does so only before it goes without one.
        if picked.id is null and logic.expire_leases(10) > 0 then
            picked := logic.lock_next_job(who, workflow, job_types, skipped);
        end if;
        if picked.id is null then
            return jsonb_build_object('success', true, 'job', null, 'lease_token', null, 'message', 'No job is ready.');
        end if;
        token := gen_random_uuid()::text;
        last_agent := picked.claimed_by;
        begin
            update jobs j set status = 'running', attempt = j.attempt + 1, lease_token = token,
                lease_expires_at = clock_timestamp() + lease, heartbeat_at = clock_timestamp(),
                worker = left(coalesce(claim_job.worker, logic.effective_actor_id(who)), 200), claimed_by = logic.effective_actor_id(who),
                cancel_requested_at = null, end_answer = null, error = null, stage = coalesce(j.stage, j.stages[1])
             where j.id = picked.id returning * into picked;
            if picked.ticket_id is not null then
                -- The ticket follows the job from an agent that lost it; another assignee was chosen by somebody.
                update tickets t set assigned_agent_id = picked.claimed_by
                 where t.id = picked.ticket_id and not t.is_resolved
                   and (t.assigned_agent_id is null or t.assigned_agent_id = last_agent)
                   and t.assigned_agent_id is distinct from picked.claimed_by;
                perform logic.move_job_ticket(caller, picked, picked.stage, refuse_full => true);
            end if;
            return jsonb_build_object('success', true, 'job', logic.job_json(picked), 'lease_token', token,
                'message', format('Claimed the job "%s".', picked.title));
        exception when others then
            if not logic.is_error(sqlstate, 'wip_limit') then
                raise;
            end if;
            -- Another claim filled the column in the meantime; this one was rolled back.
            skipped := skipped || picked.id;
        end;
    end loop;
end
$$;
