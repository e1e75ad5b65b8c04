-- Leases: heartbeats, release and expiry. All times are those of the database clock.

-- The length of a lease: 5 seconds to an hour. Defaults to a minute.
create function logic.lease_duration(seconds double precision) returns interval language plpgsql immutable as $$
begin
    if seconds is not null and not (seconds between 5 and 3600) then
        perform logic.fail_invalid('lease_seconds', 'must be between 5 and 3600');
    end if;
    return make_interval(secs => coalesce(seconds, 60));
end
$$;

-- The decided approvals of a job, newest first.
create function logic.decided_approvals_json(job text) returns jsonb language sql stable
begin atomic
    select coalesce(jsonb_agg(logic.approval_json(a) order by a.decided_at desc), '[]')
      from (select * from approvals a where a.job_id = decided_approvals_json.job and a.status <> 'pending'
             order by a.decided_at desc limit 20) a;
end;

-- POST /api/jobs/{id}/heartbeat: extends the lease, records progress, and returns whether the worker should stop or
-- pause, and the decided approvals.
create function logic.record_heartbeat(
    caller text, job text, token text, lease_seconds double precision default null, progress double precision default null, message text default null
) returns jsonb language plpgsql as $$
declare
    held jobs := (logic.authorize_lease(caller, job, token)).job;
begin
    update jobs j set heartbeat_at = clock_timestamp(), lease_expires_at = clock_timestamp() + logic.lease_duration(record_heartbeat.lease_seconds),
        progress = coalesce(record_heartbeat.progress, j.progress), progress_message = coalesce(left(record_heartbeat.message, 2000), j.progress_message)
     where j.id = held.id returning * into held;
    return jsonb_build_object('success', true, 'job_id', held.id, 'status', held.status, 'cancel_requested', held.cancel_requested_at is not null,
        'pause_requested', held.status = 'paused', 'lease_expires_at', held.lease_expires_at, 'approvals', logic.decided_approvals_json(held.id));
end
$$;

-- POST /api/jobs/{id}/release: returns the job to the queue, e.g. on worker shutdown; the attempt does not count. A
-- paused or waiting job keeps its status and loses its worker.
create function logic.release_job(caller text, job text, token text, reason text default null) returns jsonb language plpgsql as $$
declare
    held jobs := (logic.authorize_lease(caller, job, token)).job;
begin
    if held.cancel_requested_at is not null then
        perform logic.end_job(held, 'cancelled', reason);
    else
        update jobs j set status = case when j.status = 'running' then 'queued' else j.status end,
            lease_expires_at = null, attempt = greatest(j.attempt - 1, 0), not_before = clock_timestamp()
         where j.id = held.id;
        perform logic.append_transcript(held, coalesce('Released: ' || nullif(logic.trim_whitespace(left(reason, 1000)), ''), 'Released to the queue.'));
    end if;
    return jsonb_build_object('success', true, 'job', (select logic.job_json(j) from jobs j where j.id = held.id));
end
$$;

-- Takes jobs back from workers whose lease expired: queued again after a backoff, failed without attempts left,
-- cancelled if that was requested. A paused or waiting job only loses its worker. Servers call this every second,
-- claims do before they go without a job. Returns the number of expired leases.
create function logic.expire_leases(max_jobs bigint default 100) returns bigint language plpgsql as $$
declare
    lost jobs;
    expired bigint := 0;
    pause interval;
    -- A constant, which an index can be searched for.
    until constant timestamptz := clock_timestamp();
begin
    for lost in
        select j.* from jobs j where j.lease_expires_at <= until
         order by j.lease_expires_at limit max_jobs for no key update skip locked
    loop
        expired := expired + 1;
        if lost.cancel_requested_at is not null then
            perform logic.end_job(lost, 'cancelled', 'The worker stopped sending heartbeats after a cancellation was requested.');
        elsif lost.status in ('paused', 'waiting') then
            update jobs j set lease_expires_at = null, attempt = greatest(j.attempt - 1, 0) where j.id = lost.id;
        elsif lost.attempt >= lost.max_attempts then
            perform logic.end_job(lost, 'failed', format('The worker %s stopped sending heartbeats in attempt %s of %s.', lost.worker, lost.attempt, lost.max_attempts));
        else
            pause := logic.retry_backoff(lost.attempt);
            update jobs j set status = 'queued', lease_expires_at = null, not_before = clock_timestamp() + pause where j.id = lost.id;
            perform logic.append_transcript(lost, format('The worker %s stopped sending heartbeats; attempt %s of %s begins in %s seconds at the earliest.',
                lost.worker, lost.attempt + 1, lost.max_attempts, ceil(extract(epoch from pause))), 'warning');
        end if;
    end loop;
    return expired;
end
$$;
