-- Authorizing access to a job, locking it, and proving a lease.

-- The caller that was checked, and the job as it was read (or locked).
create type logic.job_access as (who logic.principal, job jobs);

-- The job, if the caller holds `required` in its workflow. `lock_row` locks its row, which every writer of the
-- job needs first.
create function logic.authorize_job_for(who logic.principal, job text, required text, lock_row boolean default false)
returns logic.job_access language plpgsql as $$
declare
    access logic.job_access;
    found_job jobs;
begin
    select * into found_job from jobs j where j.id = job and j.deleted_at is null;
    access.who := logic.authorize_principal(who, found_job.workflow_id, required, 'job ' || coalesce(job, ''));
    if lock_row then
        select * into found_job from jobs j where j.id = job and j.deleted_at is null for no key update;
        if found_job.id is null then
            perform logic.fail('not_found', format('There is no job %s.', job));
        end if;
    end if;
    access.job := found_job;
    return access;
end
$$;

-- The same for a caller that is not identified yet.
create function logic.authorize_job(caller text, job text, required text, lock_row boolean default false)
returns logic.job_access language plpgsql as $$
begin
    return logic.authorize_job_for(logic.identify_caller(caller), job, required, lock_row);
end
$$;

-- Rejects a stale lease token (fencing): the token must be the newest one and its lease must not have expired.
-- The caller of this function has locked the job's row.
create function logic.require_lease(job jobs, token text) returns void language plpgsql as $$
begin
    if job.lease_token is distinct from token or job.lease_expires_at is null or job.lease_expires_at <= clock_timestamp()
       or job.status not in ('running', 'paused', 'waiting') then
        perform logic.fail('lease_lost', 'The lease on this job is lost: it expired, or the job ended or was claimed by another worker. Stop working on it.',
            jsonb_build_object('job_id', job.id, 'status', job.status));
    end if;
end
$$;

-- Rejects the repetition of a claim whose lease has ended, so that nobody starts on a job that another worker may hold.
create function logic.require_claimed_lease(claim jsonb) returns void language plpgsql as $$
begin
    if jsonb_typeof(claim -> 'job') = 'object' then
        perform logic.require_lease(j, claim ->> 'lease_token') from jobs j where j.id = claim -> 'job' ->> 'id';
        if not found then
            perform logic.fail('lease_lost', 'The job of this claim is deleted; claim again with a new Idempotency-Key.');
        end if;
    end if;
end
$$;

-- The job, its row locked, for a worker that holds its lease.
create function logic.authorize_lease(caller text, job text, token text) returns logic.job_access language plpgsql as $$
declare
    access constant logic.job_access := logic.authorize_job(caller, job, 'member', lock_row => true);
begin
    perform logic.require_lease(access.job, token);
    return access;
end
$$;

-- Whether a worker holds an unexpired lease on the job.
create function logic.has_live_lease(job jobs) returns boolean language sql volatile
begin atomic
    select coalesce(job.lease_expires_at > clock_timestamp(), false);
end;

-- Fails because the job's status does not allow the action.
create function logic.fail_job_status_conflict(job jobs, action text, allowed text) returns void language plpgsql immutable as $$
begin
    perform logic.fail('conflict', format('A job can be %s while it is %s; this one is %s.', action, allowed, job.status),
        jsonb_build_object('status', job.status));
end
$$;
