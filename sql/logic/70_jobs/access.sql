-- Finding and locking a job.

-- The job, if the caller holds `required` in its workflow; to everyone else it looks absent. `hold` takes
-- its row's lock, which whoever changes a job needs first.
create function logic.authorize_job(caller text, job text, required text, hold boolean default false) returns jobs language plpgsql as $$
declare
    found_job jobs;
begin
    select * into found_job from jobs j where j.id = job and j.deleted_at is null;
    perform logic.authorize(caller, found_job.workflow_id, required, 'job ' || coalesce(job, ''));
    if hold then
        select * into found_job from jobs j where j.id = job and j.deleted_at is null for no key update;
        if found_job.id is null then
            perform logic.fail('not_found', format('There is no job %s.', job));
        end if;
    end if;
    return found_job;
end
$$;

-- The job, its row locked, for a worker that proves its claim: the token is the newest one and has not
-- expired. Whoever lost its lease is refused, whatever it wants to write.
create function logic.authorize_lease(caller text, job text, token text) returns jobs language plpgsql as $$
declare
    held jobs := logic.authorize_job(caller, job, 'member', hold => true);
begin
    if held.lease_token is distinct from token or held.lease_expires_at is null or held.lease_expires_at <= clock_timestamp()
       or held.status not in ('running', 'paused', 'waiting') then
        perform logic.fail('lease_lost', 'The lease on this job is lost: it expired, or the job ended or went to somebody else. Stop working on it.',
            jsonb_build_object('job_id', held.id, 'status', held.status));
    end if;
    return held;
end
$$;

-- Whether a worker holds the job now.
create function logic.has_live_lease(job jobs) returns boolean language sql volatile
begin atomic
    select coalesce(job.lease_expires_at > clock_timestamp(), false);
end;

-- A change that the job's status does not allow.
create function logic.fail_job_status_conflict(job jobs, action text, allowed text) returns void language plpgsql immutable as $$
begin
    perform logic.fail('conflict', format('A job can be %s while it is %s; this one is %s.', action, allowed, job.status),
        jsonb_build_object('status', job.status));
end
$$;
