-- Jobs as foreign clients know them: a workflow of agents with an `adw_id`, which is the job's id.

-- A job's status in their words.
create function logic.adw_status(status text) returns text language sql immutable
begin atomic
    select case when status in ('running', 'paused', 'waiting') then 'in_progress'
                when status = 'succeeded' then 'completed'
                when status in ('failed', 'cancelled') then status
                else 'started' end;
end;

-- A job in their form, with the newest `logs` transcript lines.
create function logic.adw_json(job jobs, logs bigint default 0) returns jsonb language sql stable
begin atomic
    select jsonb_build_object('adw_id', job.id, 'job_id', job.id, 'workflow_id', job.workflow_id, 'ticket_id', job.ticket_id,
            'ticket_key', (select 'TKT-' || t.number from tickets t where t.id = job.ticket_id),
            'status', logic.adw_status(job.status), 'job_status', job.status, 'title', job.title, 'workflow_name', job.title,
            'description', job.initial_prompt, 'type', job.job_type, 'stages', job.stages, 'current_stage', job.stage, 'current_step', job.stage,
            'progress', job.progress, 'progress_percent', job.progress, 'message', job.progress_message, 'attempts', job.attempt,
            'max_attempts', job.max_attempts, 'error', job.error, 'cancel_requested', job.cancel_requested_at is not null,
            'websocket', '/ws/workflows/' || job.id, 'created_at', job.created_at, 'updated_at', job.updated_at,
            'started_at', job.started_at, 'completed_at', job.finished_at)
        || case when logs > 0 then jsonb_build_object('logs', coalesce((
            select jsonb_agg(jsonb_build_object('message', m.content, 'level', m.level, 'kind', m.kind, 'sender', m.sender, 'stage', m.stage,
                       'order', m.position, 'timestamp', m.created_at) order by m.position)
              from (select * from job_messages m where m.job_id = job.id order by m.position desc limit logs) m), '[]')) else '{}' end;
end;

-- POST /api/v1/workflows/create: a ticket and its queued job in one transaction. The ticket keeps the job's id as its `adw_id`,
-- by which workflow boards know it.
create function logic.create_adw(
    caller text, workflow text, title text, description text, type text, stages text[], priority text default null
) returns jsonb language plpgsql as $$
declare
    adw_id constant text := logic.new_id('job');
begin
    if logic.is_blank(title) or char_length(title) > 500 then
        perform logic.fail_invalid('title', 'must have 1 to 500 characters');
    elsif char_length(description) > 200000 then
        perform logic.fail_invalid('description', 'must have at most 200000 characters');
    elsif char_length(type) > 64 then
        perform logic.fail_invalid('type', 'must have at most 64 characters');
    end if;
    workflow := coalesce(workflow, logic.ensure_default_workflow(caller));
    perform logic.create_job(caller, workflow => create_adw.workflow, title => create_adw.title, initial_prompt => coalesce(description, ''),
        job_type => type, stages => create_adw.stages, priority => create_adw.priority, queue => true,
        with_ticket => (select w.ticket_tracking from workflows w where w.id = create_adw.workflow), id => adw_id,
        ticket_fields => jsonb_build_object('adw_id', adw_id));
    return (select logic.adw_json(j) from jobs j where j.id = adw_id);
end
$$;

-- GET /api/v1/workflows/{adw_id}: with the newest 100 lines of its transcript.
create function logic.get_adw(caller text, job text) returns jsonb language sql
begin atomic
    select logic.adw_json((logic.authorize_job(caller, job, 'viewer')).job, 100);
end;

-- PUT /api/v1/workflows/{adw_id}/status: the progress of work that runs elsewhere. Starting claims the job for an hour
-- from each call on; a job held by one of our workers is ended only by that worker.
-- `subject` is the client's word for a job.
create function logic.set_adw_status(caller text, job text, status text, message text, subject text default 'workflow') returns jsonb
language plpgsql as $$
declare
    access constant logic.job_access := logic.authorize_job(caller, job, 'member', lock_row => true);
    held jobs := access.job;
    wanted constant text := logic.adw_status(case status when 'in_progress' then 'running' when 'completed' then 'succeeded' else status end);
begin
    if status is null or status not in ('started', 'in_progress', 'completed', 'failed', 'cancelled', 'paused',
                                        'collecting', 'queued', 'running', 'waiting', 'succeeded') then
        perform logic.fail_invalid('status', 'must be one of started, in_progress, completed, failed, cancelled, paused');
    end if;
    if status = 'paused' then
        perform logic.pause_job(caller, job);
    elsif wanted = 'cancelled' then
        perform logic.cancel_adw(caller, job, message);
    elsif wanted = 'started' then
        if held.status = 'collecting' then
            perform logic.continue_job(caller, job);
        elsif held.status in ('failed', 'cancelled') then
            perform logic.retry_job(caller, job);
        end if;
    elsif wanted <> logic.adw_status(held.status) or wanted = 'in_progress' then
        held := logic.claim_external_job(caller, access.who, held, subject);
        if wanted = 'in_progress' then
            if message is not null then
                perform logic.report_progress(caller, job, held.lease_token, message => set_adw_status.message);
            end if;
        elsif wanted = 'completed' then
            perform logic.complete_job(caller, job, held.lease_token, resolution_comment =>
                case when logic.content_length(message) >= 10 then message end);
        else
            perform logic.fail_job(caller, job, held.lease_token, coalesce(nullif(logic.trim_whitespace(message), ''), 'It failed.'), retry => false);
        end if;
    end if;
    return (select logic.adw_json(j, 100) from jobs j where j.id = held.id);
end
$$;

-- Rejects a job that its ticket does not let run (logic.is_job_ready), with the reason.
create function logic.fail_job_not_ready(job jobs, subject text) returns void language plpgsql stable as $$
declare
    ticket tickets;
    blockers text[];
    reason text;
begin
    select t.* into ticket from tickets t where t.id = job.ticket_id;
    blockers := array(select k.blocked_by_ticket_id from logic.active_blockers k where k.ticket_id = ticket.id order by 1 limit logic.max_references());
    reason := case
        when ticket.deleted_at is not null then format('TKT-%s was deleted.', ticket.number)
        when ticket.merged_into_ticket_id is not null then format('TKT-%s was merged into another ticket.', ticket.number)
        when ticket.is_resolved then format('TKT-%s is resolved; reopen it first.', ticket.number)
        when ticket.approval_status = 'pending_review' then format('TKT-%s waits for review.', ticket.number)
        when ticket.approval_status = 'rejected' then format('TKT-%s was rejected.', ticket.number)
        when cardinality(blockers) > 0 then logic.blocked_message(ticket, blockers)
        else format('the column %s is full; finish something there first.', coalesce(job.stage, job.stages[1])) end;
    perform logic.fail('conflict', format('This %s cannot be worked on now: %s', subject, reason), case when cardinality(blockers) > 0
        then jsonb_build_object('blocked', true, 'blocking_ticket_ids', blockers) else '{}' end);
end
$$;

-- Claims one job, whose row is locked, for a program that runs it elsewhere, or extends that claim.
create function logic.claim_external_job(caller text, who logic.principal, job jobs, subject text default 'workflow') returns jobs
language plpgsql as $$
declare
    held jobs := job;
begin
    if held.status in ('succeeded', 'failed', 'cancelled') then
        perform logic.fail_job_status_conflict(held, 'worked on', 'open');
    elsif logic.has_live_lease(held) and held.claimed_by is distinct from logic.effective_actor_id(who) then
        perform logic.fail('conflict', format('The worker %s holds this %s, and ends it itself.', held.worker, subject),
            jsonb_build_object('status', held.status));
    elsif logic.has_live_lease(held) then
        if held.status in ('paused', 'waiting') then
            held := logic.resume_locked_job(held);
        end if;
        update jobs j set lease_expires_at = clock_timestamp() + interval '1 hour', heartbeat_at = clock_timestamp()
         where j.id = held.id returning * into held;
    else
        if held.ticket_id is not null and not logic.is_job_ready(held) then
            perform logic.fail_job_not_ready(held, subject);
        end if;
        update jobs j set status = 'running', attempt = j.attempt + 1, lease_token = gen_random_uuid()::text,
            lease_expires_at = clock_timestamp() + interval '1 hour', heartbeat_at = clock_timestamp(),
            worker = left(logic.effective_actor_id(who) || ' elsewhere', 200), claimed_by = logic.effective_actor_id(who), cancel_requested_at = null, end_answer = null, error = null,
            stage = coalesce(j.stage, j.stages[1])
         where j.id = held.id returning * into held;
        perform logic.move_job_ticket(caller, held, held.stage);
    end if;
    return held;
end
$$;

-- DELETE /api/v1/workflows/{adw_id}: immediately if no worker of ours holds it, else its worker is asked to stop. A
-- program that runs the work elsewhere finds it ended.
create function logic.cancel_adw(caller text, job text, reason text default null) returns jsonb language plpgsql as $$
declare
    held jobs;
begin
    perform logic.cancel_job(caller, job, reason);
    select j.* into held from jobs j where j.id = cancel_adw.job;
    if held.status <> 'cancelled' and held.worker = left(held.claimed_by || ' elsewhere', 200) then
        perform logic.confirm_job_cancel(caller, job, held.lease_token);
    end if;
    return (select logic.adw_json(j) || jsonb_build_object('success', true,
                'message', case when j.status = 'cancelled' then 'Cancelled.' else 'Its worker was asked to stop.' end)
              from jobs j where j.id = job);
end
$$;
