-- Cancelling, pausing, resuming and retrying jobs.

-- POST /api/jobs/{id}/cancel: immediately if no worker holds the job; else the worker is asked to stop in the answer
-- to its next heartbeat.
create function logic.cancel_job(caller text, job text, reason text default null) returns jsonb language plpgsql as $$
declare
    held jobs := (logic.authorize_job(caller, job, 'member', lock_row => true)).job;
begin
    if held.status in ('succeeded', 'failed') then
        perform logic.fail_job_status_conflict(held, 'cancelled', 'open');
    elsif held.status <> 'cancelled' and logic.has_live_lease(held) then
        update jobs j set cancel_requested_at = coalesce(j.cancel_requested_at, clock_timestamp()) where j.id = held.id;
    elsif held.status <> 'cancelled' then
        perform logic.end_job(held, 'cancelled', reason);
    end if;
    return (select logic.job_json(j) from jobs j where j.id = held.id);
end
$$;

-- POST /api/jobs/{id}/pause: the job is not claimed, and its worker pauses at the next heartbeat.
create function logic.pause_job(caller text, job text) returns jsonb language plpgsql as $$
declare
    held jobs := (logic.authorize_job(caller, job, 'member', lock_row => true)).job;
begin
    if held.status not in ('queued', 'running', 'paused') then
        perform logic.fail_job_status_conflict(held, 'paused', 'queued or running');
    end if;
    update jobs j set status = 'paused' where j.id = held.id returning * into held;
    return logic.job_json(held);
end
$$;

-- Resumes a paused or waiting job whose row is locked: with its worker if the lease holds, else from the queue.
create function logic.resume_locked_job(job jobs) returns jobs language plpgsql as $$
declare
    resumed jobs;
begin
    update jobs j set status = case when logic.has_live_lease(j) then 'running' else 'queued' end,
        lease_expires_at = case when logic.has_live_lease(j) then j.lease_expires_at end, not_before = clock_timestamp()
     where j.id = job.id returning * into resumed;
    return resumed;
end
$$;

-- POST /api/jobs/{id}/resume
create function logic.resume_job(caller text, job text) returns jsonb language plpgsql as $$
declare
    held jobs := (logic.authorize_job(caller, job, 'member', lock_row => true)).job;
begin
    if held.status in ('paused', 'waiting') then
        held := logic.resume_locked_job(held);
    elsif held.status not in ('queued', 'running') then
        perform logic.fail_job_status_conflict(held, 'resumed', 'paused or waiting');
    end if;
    return logic.job_json(held);
end
$$;

-- POST /api/jobs/{id}/continue: the prompt is complete, so the job is queued; a paused or waiting job resumes.
create function logic.continue_job(caller text, job text) returns jsonb language plpgsql as $$
declare
    held jobs := (logic.authorize_job(caller, job, 'member', lock_row => true)).job;
begin
    if held.status <> 'collecting' then
        return logic.resume_job(caller, job);
    end if;
    if logic.is_blank(held.initial_prompt) and held.payload = '{}' then
        perform logic.fail_invalid('initial_prompt', 'must be given before the job can be queued');
    end if;
    update jobs j set status = 'queued' where j.id = held.id returning * into held;
    return logic.job_json(held);
end
$$;

-- POST /api/jobs/{id}/retry: a failed or cancelled job starts over, with all its attempts.
create function logic.retry_job(caller text, job text) returns jsonb language plpgsql as $$
declare
    held jobs := (logic.authorize_job(caller, job, 'member', lock_row => true)).job;
begin
    if held.status not in ('failed', 'cancelled') then
        perform logic.fail_job_status_conflict(held, 'tried again', 'failed or cancelled');
    end if;
    update jobs j set status = 'queued', attempt = 0, stage = null, progress = 0, progress_message = '', error = null, lease_token = null,
        cancel_requested_at = null, end_answer = null, not_before = clock_timestamp(), result = null
     where j.id = held.id returning * into held;
    return logic.job_json(held);
end
$$;
