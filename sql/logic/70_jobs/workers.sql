-- Workers: what asks for jobs, and queued jobs that no live worker takes.

-- Notes which jobs a worker takes; every claim calls it. A worker is written again when its types change, and otherwise at
-- most every 20 seconds, because idle workers claim all the time.
create function logic.note_worker(who logic.principal, workflow text, job_types text[], worker text) returns void language plpgsql as $$
declare
    name constant text := left(coalesce(note_worker.worker, logic.effective_actor_id(who)), 200);
    place constant text := coalesce(workflow, '');
begin
    -- Without a lock, so that the claims of one worker do not wait for each other.
    if not exists (select from job_workers w
                    where w.actor_id = who.actor_id and w.worker = name and w.workflow_id = place
                      and w.job_types is not distinct from note_worker.job_types and w.seen_at > clock_timestamp() - interval '20 seconds') then
        insert into job_workers (actor_id, worker, workflow_id, job_types) values (who.actor_id, name, place, note_worker.job_types)
        on conflict on constraint job_workers_pkey do update set job_types = excluded.job_types, seen_at = clock_timestamp();
    end if;
end
$$;

-- Whether a live worker takes such jobs: one that asked for work in the last two minutes or works on a job now, in this
-- workflow or in all that its actor is a member of, and that takes the type. The same rules as logic.lock_next_job.
create function logic.has_live_worker(workflow text, job_type text) returns boolean language sql stable
begin atomic
    select exists (
        select from job_workers w
          join actors a on a.id = w.actor_id and a.disabled_at is null
         where w.workflow_id in ('', has_live_worker.workflow)
           and (w.job_types is null or has_live_worker.job_type = any (w.job_types))
           and (w.workflow_id <> '' or exists (
                select from workflow_members m where m.workflow_id = has_live_worker.workflow and m.actor_id = w.actor_id and m.role <> 'viewer'))
           and (w.seen_at > now() - interval '2 minutes'
                -- A service that acts for an agent holds its jobs under the agent's id.
                or exists (select from jobs j where j.worker = w.worker and j.lease_expires_at > now()
                              and (j.claimed_by = w.actor_id or j.workflow_id = has_live_worker.workflow))));
end;

-- Marks jobs that have been ready for a minute while no live worker takes them, and unmarks those that one takes again. The
-- trigger of jobs tells boards. Servers call this every 15 seconds; locked jobs are left to the next call. Returns the number
-- of changed jobs.
create function logic.mark_jobs_without_worker(max_jobs bigint default 100) returns bigint language plpgsql as $$
declare
    group_of record;
    changed bigint := 0;
    made bigint;
begin
    -- A queue has few kinds of jobs, so the workers are looked up once for each.
    for group_of in
        select k.workflow_id, k.job_type, logic.has_live_worker(k.workflow_id, k.job_type) as served
          from (select distinct j.workflow_id, j.job_type from jobs j
                 where j.status = 'queued' and j.deleted_at is null
                   and (j.no_worker_since is not null
                        or greatest(j.queued_at, j.not_before) < clock_timestamp() - interval '1 minute')) k
    loop
        update jobs j set no_worker_since = case when group_of.served then null else clock_timestamp() end
         where j.id in (
            select q.id from jobs q
             where q.workflow_id = group_of.workflow_id and q.job_type = group_of.job_type and q.status = 'queued' and q.deleted_at is null
               and (q.no_worker_since is not null) = group_of.served
               and (group_of.served or greatest(q.queued_at, q.not_before) < clock_timestamp() - interval '1 minute')
             order by q.id limit max_jobs for no key update skip locked);
        get diagnostics made = row_count;
        changed := changed + made;
    end loop;
    return changed;
end
$$;
