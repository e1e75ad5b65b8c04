-- Definitions and executions, as foreign clients know them. A definition is a board to start from: a template or a
-- stored one. An execution is a workflow; its board shows the progress.

-- A definition in their form.
create function logic.definition_json(id text, name text, description text, config jsonb, created_at timestamptz) returns jsonb language sql stable
begin atomic
    select jsonb_build_object('id', definition_json.id, 'definition_id', definition_json.id, 'name', definition_json.name,
        'description', definition_json.description, 'board_config', config, 'built_in', definition_json.created_at is null,
        'created_at', definition_json.created_at,
        -- Their phases are the columns.
        'phases', (select coalesce(jsonb_agg(jsonb_build_object('id', c.value ->> 'id', 'order', c.place, 'name', coalesce(c.value ->> 'name', c.value ->> 'id')) order by c.place), '[]')
                     from jsonb_array_elements(config -> 'columns') with ordinality c (value, place)));
end;

-- GET /api/workflow-definitions: the templates, then the caller's own.
create function logic.list_definitions(caller text) returns jsonb language plpgsql as $$
declare
    who logic.principal := logic.identify_caller(caller);
begin
    perform logic.require_scope(who, 'read');
    return jsonb_build_object('definitions', coalesce((
        select jsonb_agg(d.shown order by d.place, d.name)
          from (select 0 as place, t.key as name, logic.definition_json(t.key, t.value ->> 'name', '', t.value, null) as shown
                  from jsonb_each(logic.board_templates()) t
                union all
                select 1, f.id, logic.definition_json(f.id, f.name, f.description, f.board_config, f.created_at)
                  from (select * from workflow_definitions f where f.created_by = logic.effective_actor_id(who) order by f.id desc limit 200) f) d), '[]'));
end
$$;

-- POST /api/workflow-definitions: a board by its configuration, or by the names of its phases.
create function logic.create_definition(caller text, name text, description text, phases text[], board_config jsonb) returns jsonb language plpgsql as $$
declare
    who logic.principal := logic.identify_caller(caller);
    config jsonb := board_config;
    kept text[] := logic.normalize_list(phases);
    made workflow_definitions;
begin
    perform logic.require_scope(who, 'write');
    perform logic.set_audit_actor(who);
    name := logic.trim_whitespace(coalesce(name, ''));
    if char_length(name) not between 1 and 200 then
        perform logic.fail_invalid('name', 'must have 1 to 200 characters');
    elsif char_length(description) > 10000 then
        perform logic.fail_invalid('description', 'must have at most 10000 characters');
    elsif config is null and coalesce(cardinality(kept), 0) not between 1 and 48 then
        perform logic.fail_invalid('phases', 'or board_config must be given: 1 to 48 phases');
    elsif (select count(*) from workflow_definitions f where f.created_by = logic.effective_actor_id(who)) >= 200 then
        perform logic.fail('conflict', 'You keep 200 definitions already.');
    end if;
    if config is null then
        config := jsonb_build_object('name', name, 'columns', '[{"id": "todo", "name": "To Do", "category": "todo"}]'::jsonb || (
            select jsonb_agg(jsonb_build_object('id', case when s.word in ('todo', 'done', '') then format('phase_%s', p.place) else s.word end,
                       'name', left(p.phase, 100), 'category', 'active') order by p.place)
              from unnest(kept) with ordinality p (phase, place)
             cross join lateral (select left(btrim(lower(regexp_replace(p.phase, '[^A-Za-z0-9]+', '_', 'g')), '_'), 40) as word) s) || '[{"id": "done", "name": "Done", "category": "done"}]'::jsonb);
    end if;
    config := logic.complete_board_config(config, logic.board_templates() -> 'development');
    perform logic.check_board_config(config);
    insert into workflow_definitions (id, name, description, board_config, created_by)
    values (logic.new_id('definition'), create_definition.name, coalesce(create_definition.description, ''), config, logic.effective_actor_id(who))
    returning * into made;
    return logic.definition_json(made.id, made.name, made.description, made.board_config, made.created_at);
end
$$;

-- Whether an execution is archived, completed (it has tickets, all are resolved, and no job is open) or active.
create function logic.execution_status(workflow workflows) returns text language sql stable
begin atomic
    select case
        when workflow.archived_at is not null then 'archived'
        when (select n.total > 0 and n.open = 0 from logic.count_tickets(workflow.id) n)
         and not exists (select from jobs j where j.workflow_id = workflow.id and j.deleted_at is null
                            and j.status in ('collecting', 'queued', 'running', 'paused', 'waiting')) then 'completed'
        else 'active' end;
end;

-- An execution: a workflow with its definition and progress, whose numbers count to logic.max_count.
create function logic.execution_json(workflow text, role text) returns jsonb language sql stable
begin atomic
    select jsonb_build_object('id', w.id, 'execution_id', w.id, 'workflow_id', w.id, 'definition_id', l.definition_id,
            'name', w.name, 'description', w.description, 'launch_params', coalesce(l.launch_params, '{}'),
            'status', logic.execution_status(w),
            'role', execution_json.role, 'created_at', w.created_at, 'updated_at', w.updated_at, 'completed_at', w.archived_at,
            'stats', jsonb_build_object(
                'total_tickets', n.total, 'resolved_tickets', n.total - n.open,
                'active_jobs', (select count(*) from (select from jobs j
                    where j.workflow_id = w.id and j.deleted_at is null
                      and j.status in ('collecting', 'queued', 'running', 'paused', 'waiting') limit logic.max_count()) counted)))
      from workflows w
      left join workflow_launches l on l.workflow_id = w.id
     cross join lateral logic.count_tickets(w.id) n
     where w.id = execution_json.workflow;
end;

-- POST /api/workflow-executions: creates a workflow from a definition; the launch prompt becomes a job.
create function logic.create_execution(
    caller text, definition text, name text, description text, params jsonb, prompt text
) returns jsonb language plpgsql as $$
declare
    who logic.principal := logic.identify_caller(caller);
    config jsonb;
    title text;
    made text;
    job jsonb;
begin
    perform logic.require_scope(who, 'manage');
    perform logic.set_audit_actor(who);
    if definition is null then
        perform logic.fail_invalid('definition_id', 'is required');
    end if;
    select f.board_config, f.name into config, title
      from workflow_definitions f where f.id = definition and f.created_by = logic.effective_actor_id(who);
    if config is null then
        config := logic.board_templates() -> definition;
        title := config ->> 'name';
    end if;
    if config is null then
        perform logic.fail_invalid('definition_id', 'must be the id of one of your definitions or a template');
    end if;
    if jsonb_typeof(coalesce(params, '{}')) <> 'object' or octet_length(params::text) > 65536 then
        perform logic.fail_invalid('launch_params', 'must be an object of at most 64 KiB');
    elsif char_length(prompt) > 200000 then
        perform logic.fail_invalid('prompt', 'must have at most 200000 characters');
    end if;
    made := logic.create_workflow(caller, coalesce(nullif(logic.trim_whitespace(name), ''), nullif(left(logic.trim_whitespace(description), 100), ''), title),
        description, board_config => config) ->> 'id';
    insert into workflow_launches (workflow_id, definition_id, launch_params) values (made, definition, coalesce(params, '{}'));
    if logic.trim_whitespace(prompt) <> '' then
        job := logic.create_job(caller, workflow => made, initial_prompt => prompt, queue => true, with_ticket => true);
    end if;
    return logic.execution_json(made, 'owner') || jsonb_build_object('job_id', job -> 'id', 'ticket_id', job -> 'ticket_id');
end
$$;

-- GET /api/workflow-executions: the caller's workflows, newest first.
create function logic.list_executions(caller text, status text default null, max_rows bigint default 50) returns jsonb language plpgsql as $$
declare
    who logic.principal := logic.identify_caller(caller);
begin
    perform logic.require_scope(who, 'read');
    if status is not null and status not in ('active', 'completed', 'archived', 'all') then
        perform logic.fail_invalid('status', 'must be one of active, completed, archived, all');
    end if;
    return jsonb_build_object('executions', coalesce((
        select jsonb_agg(e.shown order by e.created_at desc, e.id desc)
          -- Only those of the page are counted.
          from (select p.id, p.created_at, logic.execution_json(p.id, p.role) as shown
                  from (select w.id, w.created_at, m.role
                          from workflow_members m
                          join workflows w on w.id = m.workflow_id
                         where m.actor_id = who.actor_id
                           and (coalesce(list_executions.status, 'all') = 'all' or list_executions.status = logic.execution_status(w))
                         order by w.created_at desc, w.id desc limit max_rows) p) e), '[]'));
end
$$;

-- GET /api/workflow-executions/{id}: with its board and its newest jobs.
create function logic.get_execution(caller text, workflow text) returns jsonb language plpgsql as $$
declare
    who logic.principal := logic.authorize(caller, workflow, 'viewer', 'execution ' || coalesce(workflow, ''));
begin
    return logic.execution_json(workflow, who.role) || jsonb_build_object('board_config', logic.board_config(workflow),
        'jobs', coalesce((select jsonb_agg(logic.job_summary(n.job) order by (n.job).created_at desc, (n.job).id desc)
                   from (select j as job from jobs j where j.workflow_id = get_execution.workflow and j.deleted_at is null
                          order by j.created_at desc, j.id desc limit 50) n), '[]'));
end
$$;
