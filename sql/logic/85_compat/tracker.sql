-- Ticket trackers with an address of their own: their tasks are jobs, their executions are workflows.

-- The workflows that a caller reads, or one of them.
create function logic.tracker_workflows(who logic.principal, workflow text) returns text[] language plpgsql as $$
begin
    if workflow is not null then
        perform logic.authorize_principal(who, workflow, 'viewer');
        return array[workflow];
    end if;
    perform logic.require_scope(who, 'read');
    return array(select m.workflow_id from workflow_members m join workflows w on w.id = m.workflow_id and w.archived_at is null
                  where m.actor_id = who.actor_id order by w.created_at desc, w.id desc limit 200);
end
$$;

-- A job as these clients need it, with what blocks its ticket.
create function logic.tracker_task_json(job jobs) returns jsonb language sql stable
begin atomic
    select logic.job_json(job) || jsonb_build_object(
        'blockers', coalesce((
            select jsonb_agg(jsonb_build_object('ticket_id', b.id, 'title', b.title, 'status', b.status, 'priority', b.priority,
                       'is_resolved', b.is_resolved) order by b.number)
              from (select t.* from logic.active_blockers k join tickets t on t.id = k.blocked_by_ticket_id
                     where k.ticket_id = job.ticket_id order by t.number limit 20) b), '[]'));
end;

-- GET /api/tasks, newest first. `statuses` are those of jobs.
create function logic.list_tracker_tasks(caller text, workflow text, statuses text[], max_rows bigint, skip bigint) returns jsonb language plpgsql as $$
declare
    places constant text[] := logic.tracker_workflows(logic.identify_caller(caller), workflow);
begin
    return (
        with
        -- The newest jobs of each workflow, which are enough for the page.
        newest as (
            select j.*
              from unnest(places) p (id)
             cross join lateral (
                select j.* from jobs j
                 where j.workflow_id = p.id and j.deleted_at is null and (statuses is null or j.status = any (statuses))
                 order by j.created_at desc, j.id desc limit max_rows + skip) j
             order by j.created_at desc, j.id desc limit max_rows offset skip
        )
        select coalesce(jsonb_agg(logic.tracker_task_json(j) order by j.created_at desc, j.id desc), '[]')
          from newest n join jobs j on j.id = n.id);
end
$$;

-- GET /api/tasks/{id}
create function logic.get_tracker_task(caller text, task text) returns jsonb language sql
begin atomic
    select logic.tracker_task_json((logic.authorize_job(caller, task, 'viewer')).job);
end;

-- POST /create_task: queues a job for a ticket, which names it among its related tasks. Only clients that start the work (`exempt`)
-- may name no ticket; then the job gets one of its own.
create function logic.create_tracker_task(
    caller text, workflow text, ticket text, title text, prompt text, priority text, job_type text, details jsonb, exempt boolean
) returns jsonb language plpgsql as $$
declare
    place text := workflow;
    access logic.ticket_access;
    job jsonb;
    known text[];
begin
    if ticket is not null then
        access := logic.authorize_ticket_by_key(caller, ticket, 'member', workflow);
        place := access.workflow_id;
    else
        place := coalesce(workflow, logic.ensure_default_workflow(caller));
        perform logic.authorize(caller, place, 'member');
        if not exempt and (select w.ticket_tracking from workflows w where w.id = place) then
            perform logic.fail('bad_request', 'Ticket tracking enabled - ticket_id required. MCP agents must provide ticket_id: create a ticket, or use the one of your work.');
        end if;
    end if;
    job := logic.create_job(caller, workflow => case when ticket is null then place end, ticket => access.ticket_id, title => create_tracker_task.title,
        initial_prompt => prompt, job_type => create_tracker_task.job_type, priority => create_tracker_task.priority, payload => details,
        queue => true, with_ticket => case when ticket is null then (select w.ticket_tracking from workflows w where w.id = place) end);
    select t.related_task_ids into known from tickets t where t.id = job ->> 'ticket_id';
    if cardinality(known) < 200 then
        perform logic.update_ticket(caller, job ->> 'ticket_id', jsonb_build_object('related_task_ids', known || (job ->> 'id')));
    end if;
    return (select logic.tracker_task_json(j) from jobs j where j.id = job ->> 'id');
end
$$;

-- POST /update_task_status. `done` ends the job, links the commit, resolves the ticket and releases what it blocked; a second one
-- changes nothing.
create function logic.set_tracker_task_status(
    caller text, task text, status text, message text, commit_sha text default null, git jsonb default null, details jsonb default null
) returns jsonb language plpgsql as $$
declare
    access constant logic.job_access := logic.authorize_job(caller, task, 'member', lock_row => true);
    held jobs := access.job;
    said constant text := nullif(logic.trim_whitespace(message), '');
    answer jsonb := '{}';
begin
    if status is null or status not in ('done', 'failed', 'in_progress', 'assigned', 'pending', 'queued') then
        perform logic.fail_invalid('status', 'must be one of done, failed, in_progress, assigned, pending, queued');
    elsif status = 'done' then
        if held.status <> 'succeeded' then
            held := logic.claim_external_job(caller, access.who, held, 'task');
            answer := logic.complete_job(caller, task, held.lease_token, result => details, commit_sha => set_tracker_task_status.commit_sha,
                resolution_comment => case when logic.content_length(said) >= 10 then said end, git => set_tracker_task_status.git);
        end if;
    else
        perform logic.set_adw_status(caller, task, case when status in ('in_progress', 'assigned') then 'in_progress'
            when status = 'failed' then 'failed' else 'started' end, said, 'task');
    end if;
    return (answer - '{job,success}'::text[]) || jsonb_build_object('task', (select logic.tracker_task_json(j) from jobs j where j.id = held.id));
end
$$;

-- GET /api/agents: the first 200 agents and services that the caller sees, with their newest job under way in its workflows.
create function logic.list_tracker_agents(caller text) returns jsonb language plpgsql as $$
declare
    seen constant jsonb := logic.list_agents(caller, 200) -> 'agents';
    places constant text[] := logic.tracker_workflows(logic.identify_caller(caller), null);
begin
    return (
        select coalesce(jsonb_agg(e.agent || jsonb_build_object('task', (
                   select logic.tracker_task_json(j) from jobs j
                    where j.claimed_by = e.agent ->> 'id' and j.workflow_id = any (places) and j.lease_expires_at > now() and j.deleted_at is null
                    order by j.started_at desc nulls last, j.id desc limit 1)) order by e.place), '[]')
          from jsonb_array_elements(seen) with ordinality e (agent, place));
end
$$;

-- GET /api/guardian-analyses/{agent}: the findings about an agent and its tickets that are open, newest first.
create function logic.list_tracker_findings(caller text, agent text, max_rows bigint) returns jsonb language plpgsql as $$
declare
    places constant text[] := logic.tracker_workflows(logic.identify_caller(caller), null);
begin
    return (
        select coalesce(jsonb_agg(n.details || jsonb_build_object('finding_id', n.id, 'opened_at', n.opened_at) order by n.opened_at desc, n.id desc), '[]')
          from (select f.* from findings f
                 where f.workflow_id = any (places) and f.closed_at is null and f.agent_id = agent
                 order by f.opened_at desc, f.id desc limit max_rows) n);
end
$$;

-- The numbers of jobs in workflows, each counted to logic.max_count, and the last 20 changes: GET /api/dashboard/stats.
create function logic.get_tracker_overview(caller text, workflow text) returns jsonb language plpgsql as $$
declare
    places constant text[] := logic.tracker_workflows(logic.identify_caller(caller), workflow);
begin
    return jsonb_build_object(
        'workflows', (select coalesce(jsonb_object_agg(p.id, logic.tracker_counts_json(p.id)), '{}') from unnest(places) p (id)),
        'silent', (select count(distinct f.agent_id) from findings f
                    where f.workflow_id = any (places) and f.closed_at is null and f.kind = 'agent_silent'),
        'recent', (
            with
            -- The last changes of each workflow.
            last as (
                select h.* from unnest(places) p (id)
                 cross join lateral (select h.* from history h where h.stream_id = 'workflow:' || p.id order by h.seq desc limit 20) h
                 order by h.changed_at desc limit 20
            )
            select coalesce(jsonb_agg(jsonb_build_object('seq', l.seq, 'type', l.change_type, 'message', l.change_description,
                       'agent_id', coalesce(l.on_behalf_of, l.actor_id), 'timestamp', l.changed_at) order by l.changed_at desc), '[]')
              from last l));
end
$$;

-- The jobs of a workflow by state, and the agents that hold one.
create function logic.tracker_counts_json(workflow text) returns jsonb language sql stable
begin atomic
    select jsonb_build_object('total', count(*), 'open', count(*) filter (where j.finished_at is null),
            'running', count(*) filter (where j.status in ('running', 'paused', 'waiting')), 'queued', count(*) filter (where j.status = 'queued'),
            'done', count(*) filter (where j.status = 'succeeded'), 'failed', count(*) filter (where j.status = 'failed'),
            'failed_today', count(*) filter (where j.status = 'failed' and j.finished_at >= date_trunc('day', now())),
            'agents', count(distinct j.claimed_by) filter (where j.lease_expires_at > now()))
      from (select j.status, j.finished_at, j.claimed_by, j.lease_expires_at from jobs j
             where j.workflow_id = tracker_counts_json.workflow and j.deleted_at is null
             order by j.created_at desc, j.id desc limit logic.max_count()) j;
end;

-- GET /api/workflow-executions, with the numbers of their jobs. The listener's workflow is first, else the one of requests that name
-- none: the clients take the first active one, and show no other.
create function logic.list_tracker_executions(caller text, status text, max_rows bigint, workflow text default null) returns jsonb language plpgsql as $$
declare
    executions constant jsonb := logic.list_executions(caller, status, max_rows) -> 'executions';
    first constant text := coalesce(workflow, logic.find_default_workflow(caller));
begin
    return (
        select coalesce(jsonb_agg(e.execution || jsonb_build_object('tasks', logic.tracker_counts_json(e.execution ->> 'id'),
                   'definition_name', logic.execution_definition_name(e.execution ->> 'definition_id'))
                   order by e.execution ->> 'id' is not distinct from first desc, e.place), '[]')
          from jsonb_array_elements(executions) with ordinality e (execution, place));
end
$$;

-- GET /api/workflow-executions/{id}
create function logic.get_tracker_execution(caller text, workflow text) returns jsonb language plpgsql as $$
declare
    execution constant jsonb := logic.get_execution(caller, workflow);
begin
    return execution || jsonb_build_object('tasks', logic.tracker_counts_json(workflow),
        'definition_name', logic.execution_definition_name(execution ->> 'definition_id'));
end
$$;

-- The name of a definition: a template's or a stored one's.
create function logic.execution_definition_name(definition text) returns text language sql stable
begin atomic
    select coalesce((select f.name from workflow_definitions f where f.id = definition), logic.board_templates() -> definition ->> 'name');
end;
