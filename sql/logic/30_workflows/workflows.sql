-- Workflows: creating, reading, changing, archiving.

-- A workflow as the API shows it; `role` is the caller's.
create function logic.workflow_json(workflow text, role text) returns jsonb language sql stable
begin atomic
    select jsonb_build_object(
        'id', w.id, 'workflow_id', w.id, 'name', w.name, 'description', w.description,
        'ticket_tracking', w.ticket_tracking, 'provision_agents', w.provision_agents, 'time_zone', w.time_zone,
        'repository_path', w.repository_path,
        'created_by', w.created_by, 'created_at', w.created_at, 'updated_at', w.updated_at,
        'archived_at', w.archived_at, 'role', workflow_json.role)
      from workflows w where w.id = workflow_json.workflow;
end;

-- POST /api/workflows
create function logic.create_workflow(
    caller text, name text, description text default null, template text default null,
    board_config jsonb default null
) returns jsonb language plpgsql as $$
declare
    who logic.principal := logic.identify_caller(caller);
    base jsonb := logic.board_templates() -> coalesce(template, 'development');
    id text := logic.new_id('workflow');
begin
    perform logic.require_scope(who, 'manage');
    perform logic.set_audit_actor(who);
    if base is null then
        perform logic.fail_invalid('template', format('must be one of %s',
            (select string_agg(k, ', ' order by k) from jsonb_object_keys(logic.board_templates()) k)));
    end if;
    perform logic.check_visible('name', coalesce(name, ''));
    insert into workflows (id, name, description, created_by)
    values (id, logic.trim_whitespace(create_workflow.name), coalesce(create_workflow.description, ''), logic.effective_actor_id(who));
    insert into workflow_members (workflow_id, actor_id, role, added_by) values (id, who.actor_id, 'owner', who.actor_id);
    perform logic.apply_board_config(id, logic.complete_board_config(board_config, base));
    return logic.workflow_json(id, 'owner') || jsonb_build_object('board_config', logic.board_config(id), 'board_version', logic.board_version(id));
end
$$;

-- GET /api/workflows: those the caller is a member of (an administrator sees all), by name, in keyset pages. `ticket_count`
-- counts to logic.max_count.
create function logic.list_workflows(caller text, include_archived boolean, max_rows int, cursor text default null)
returns jsonb language plpgsql as $$
declare
    who logic.principal := logic.identify_caller(caller);
    about constant jsonb := jsonb_build_array(coalesce(include_archived, false));
    -- [name, id]
    last_seen jsonb;
    answer jsonb;
begin
    perform logic.require_scope(who, 'read');
    last_seen := logic.read_cursor(cursor, 'workflows', about);
    with
    -- One row more than requested, to learn whether there are more.
    page as (
        select w.id, w.name, case when who.is_admin then 'owner' else m.role end as role,
               row_number() over (order by lower(w.name), w.id) as place
          from workflows w
          left join workflow_members m on m.workflow_id = w.id and m.actor_id = who.actor_id
         where (who.is_admin or m.role is not null)
           and (include_archived or w.archived_at is null)
           and (last_seen is null or (lower(w.name), w.id) > (last_seen ->> 0, last_seen ->> 1))
         order by lower(w.name), w.id
         limit max_rows + 1
    )
    select jsonb_build_object(
        'workflows', coalesce(jsonb_agg(logic.workflow_json(p.id, p.role) || jsonb_build_object('ticket_count',
            (select n.total from logic.count_tickets(p.id) n)) order by p.place) filter (where p.place <= max_rows), '[]'))
        || logic.page_end(count(*), max_rows, 'workflows', about, jsonb_build_array(
            max(lower(p.name)) filter (where p.place = max_rows), max(p.id) filter (where p.place = max_rows)))
      into answer from page p;
    return answer;
end
$$;

-- GET /api/workflows/{id}
create function logic.get_workflow(caller text, workflow text) returns jsonb language plpgsql as $$
declare
    who logic.principal := logic.authorize(caller, workflow, 'viewer');
begin
    return logic.workflow_json(workflow, who.role) || jsonb_build_object('board_config', logic.board_config(workflow), 'board_version', logic.board_version(workflow));
end
$$;

-- PATCH /api/workflows/{id}; null leaves a field as it is, an empty repository_path clears it. Only an administrator may
-- set a path of the server's disk.
create function logic.update_workflow(
    caller text, workflow text, name text default null, description text default null,
    ticket_tracking boolean default null, repository_path text default null, provision_agents boolean default null,
    time_zone text default null
) returns jsonb language plpgsql as $$
declare
    who logic.principal := logic.authorize(caller, workflow, 'owner');
begin
    if repository_path is not null and not who.is_admin then
        perform logic.fail('forbidden', 'Only an administrator may attach a repository to a workflow.', jsonb_build_object('field', 'repository_path'));
    end if;
    perform logic.check_visible('name', name);
    if time_zone is not null then
        perform logic.check_time_zone('time_zone', time_zone);
    end if;
    update workflows w set
        name = coalesce(logic.trim_whitespace(update_workflow.name), w.name),
        description = coalesce(update_workflow.description, w.description),
        ticket_tracking = coalesce(update_workflow.ticket_tracking, w.ticket_tracking),
        provision_agents = coalesce(update_workflow.provision_agents, w.provision_agents),
        time_zone = coalesce(update_workflow.time_zone, w.time_zone),
        repository_path = case when update_workflow.repository_path is null then w.repository_path
                               else nullif(update_workflow.repository_path, '') end,
        updated_at = clock_timestamp()
     where w.id = workflow;
    return logic.workflow_json(workflow, who.role) || jsonb_build_object('board_config', logic.board_config(workflow), 'board_version', logic.board_version(workflow));
end
$$;

-- POST /api/workflows/{id}/ticket-tracking: on, optionally with a board, or off; in one transaction.
create function logic.set_ticket_tracking(caller text, workflow text, enabled boolean, config jsonb default null) returns jsonb language plpgsql as $$
begin
    if config is not null then
        perform logic.set_board(caller, workflow, config);
    end if;
    return logic.update_workflow(caller, workflow, ticket_tracking => enabled);
end
$$;

-- DELETE /api/workflows/{id} archives, POST …/restore undoes it; no data is lost.
create function logic.archive_workflow(caller text, workflow text, archived boolean) returns jsonb language plpgsql as $$
declare
    who logic.principal := logic.authorize(caller, workflow, 'owner');
begin
    update workflows w set archived_at = case when archived then coalesce(w.archived_at, now()) end, updated_at = clock_timestamp()
     where w.id = workflow;
    return logic.workflow_json(workflow, who.role);
end
$$;
