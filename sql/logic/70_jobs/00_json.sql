-- Jobs, messages and apps as answers and events show them.

-- A job in short, as boards and events show it.
create function logic.job_summary(job jobs) returns jsonb language sql immutable
begin atomic
    select jsonb_build_object('job_id', job.id, 'workflow_id', job.workflow_id, 'ticket_id', job.ticket_id,
        'title', job.title, 'job_type', job.job_type, 'status', job.status, 'stages', job.stages, 'stage', job.stage,
        'progress', job.progress, 'progress_message', job.progress_message, 'attempt', job.attempt,
        'max_attempts', job.max_attempts, 'worker', job.worker, 'agent_id', job.claimed_by, 'error', job.error,
        'no_worker', job.no_worker_since is not null,
        'updated_at', job.updated_at);
end;

-- A transcript message as answers and events show it, in both spellings that clients use.
create function logic.message_json(id text) returns jsonb language sql stable
begin atomic
    select jsonb_build_object('id', m.id, 'message_id', m.id, 'job_id', m.job_id, 'workflow_id', m.workflow_id,
        'kind', m.kind, 'role', m.role, 'sender', m.sender, 'agent', m.sender, 'level', m.level,
        'content', m.content, 'message', m.content, 'order', m.position, 'stage', m.stage, 'attempt', m.attempt,
        'metadata', m.metadata, 'agent_id', m.agent_id, 'created_at', m.created_at)
      from job_messages m where m.id = message_json.id;
end;

-- A finished specification as answers and events show it.
create function logic.app_json(id text) returns jsonb language sql stable
begin atomic
    select jsonb_build_object('id', a.id, 'app_id', a.id, 'job_id', a.job_id, 'workflow_id', a.workflow_id,
        'ticket_id', a.ticket_id, 'title', a.title, 'spec', a.spec, 'prd_markdown', a.prd_markdown,
        'created_by', a.created_by, 'created_at', a.created_at, 'updated_at', a.updated_at)
      from apps a where a.id = app_json.id;
end;

-- The data of an event as it is sent. Texts of messages and specifications are stored once, in their tables, and
-- merged in here; a removed one is marked as deleted.
create function logic.event_data(change_type text, new_value text, metadata jsonb) returns jsonb language sql stable
begin atomic
    select case change_type
        when 'job_message' then metadata || jsonb_build_object('message',
            coalesce(logic.message_json(new_value), jsonb_build_object('id', new_value, 'message_id', new_value, 'deleted', true)))
        when 'app_ready' then metadata || jsonb_build_object('app',
            coalesce(logic.app_json(new_value), jsonb_build_object('id', new_value, 'app_id', new_value, 'deleted', true)))
        else metadata end;
end;

-- The same for sockets. The clients of workflow boards know a ticket only by the `adw_id` that its custom fields keep, so an event
-- of such a ticket has it, and the name of its workflow. One expression without a query of its own, so that queries contain it
-- instead of calling it; they join the fields of the ticket.
create function logic.live_event_data(change_type text, new_value text, metadata jsonb, fields jsonb) returns jsonb language sql stable
begin atomic
    select case when fields ? 'adw_id'
        then logic.event_data(change_type, new_value, metadata)
            || jsonb_build_object('adw_id', fields -> 'adw_id', 'workflow_name', fields -> 'workflow_name')
        else logic.event_data(change_type, new_value, metadata) end;
end;

-- Why a queued job is not handed out yet, as a sentence; null for one that is ready, and for others.
create function logic.job_waiting_reason(job jobs) returns text language sql stable
begin atomic
    select case
        when job.status <> 'queued' then null
        when t.is_resolved then format('TKT-%s is resolved; reopen it or cancel the job.', t.number)
        when t.merged_into_ticket_id is not null then format('TKT-%s was merged into another ticket.', t.number)
        when t.approval_status = 'pending_review' then format('TKT-%s waits for review.', t.number)
        when t.approval_status = 'rejected' then format('TKT-%s was rejected.', t.number)
        when exists (select from logic.active_blockers k where k.ticket_id = t.id) then format('TKT-%s is blocked.', t.number)
        when job.no_worker_since is not null then format('No running worker takes jobs of the type "%s" in this workflow.', job.job_type)
        when job.not_before > now() then 'It waits for its next attempt or its start time.' end
      from (select 1) one left join tickets t on t.id = job.ticket_id;
end;

-- A job as the API shows it, without its lease token: only the claim returns that.
create function logic.job_json(job jobs) returns jsonb language sql stable
begin atomic
    select logic.job_summary(job) || jsonb_build_object('id', job.id,
        'waiting_reason', logic.job_waiting_reason(job),
        'ticket_key', (select 'TKT-' || t.number from tickets t where t.id = job.ticket_id),
        'initial_prompt', job.initial_prompt, 'priority', job.priority, 'payload', job.payload,
        'lease_expires_at', job.lease_expires_at, 'heartbeat_at', job.heartbeat_at, 'not_before', job.not_before,
        'cancel_requested', job.cancel_requested_at is not null, 'result', job.result, 'commit_sha', job.commit_sha,
        'app_id', (select a.id from apps a where a.job_id = job.id),
        'created_by', job.created_by, 'created_at', job.created_at, 'queued_at', job.queued_at,
        'started_at', job.started_at, 'finished_at', job.finished_at);
end;
