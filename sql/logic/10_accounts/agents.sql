-- Agents and services.

-- An actor that the caller may manage: itself, an actor it owns directly or through others, and for an administrator every
-- agent and service. Others get 404, never 403.
create function logic.authorize_owned_actor(who logic.principal, actor text) returns actors language plpgsql stable as $$
declare
    target actors;
begin
    select a.* into target from actors a
     where a.id = actor and (who.actor_id = any (logic.owner_line(a.id)) or (who.is_admin and a.kind <> 'user'));
    if target.id is null then
        perform logic.fail('not_found', format('There is no agent %s of yours.', coalesce(actor, '')));
    end if;
    return target;
end
$$;

-- POST /api/agents. An id that a stranger's agent has gets a suffix, so that the answer does not reveal that agent.
create function logic.create_agent(caller text, agent_id text, agent_kind text, agent_name text, in_workflows text[])
returns jsonb language plpgsql as $$
declare
    who logic.principal := logic.identify_caller(caller);
    new_agent text := coalesce(logic.own_agent_id(who, agent_id), logic.new_id(agent_kind));
begin
    perform logic.require_scope(who, 'manage');
    perform logic.check_visible('name', agent_name);
    if agent_kind not in ('agent', 'service') then
        perform logic.fail_invalid('kind', 'must be agent or service');
    end if;
    perform logic.check_new_agent_id(new_agent, 'id');
    insert into actors (id, kind, name, owner_id)
    values (new_agent, agent_kind, coalesce(agent_name, agent_id, new_agent), who.actor_id)
    on conflict (id) do nothing;
    if not found then
        perform logic.fail('conflict', format('The id %s is taken.', new_agent), '{"field": "id", "rule": "is taken"}');
    end if;
    perform logic.add_actor_to_workflows(who, new_agent, in_workflows);
    return logic.actor_json(new_agent);
end
$$;

-- Makes an actor that the caller speaks for a member of workflows that the caller owns.
create function logic.add_actor_to_workflows(who logic.principal, actor text, in_workflows text[])
returns void language plpgsql as $$
declare
    workflow text;
begin
    if cardinality(in_workflows) > 0 and not logic.speaks_for(who, actor) then
        perform logic.fail('forbidden', format('The agent %s belongs to somebody else; invite it as a member of the workflow, so that its owner is asked.', actor),
            '{"field": "workflows"}');
    end if;
    foreach workflow in array coalesce(in_workflows, '{}') loop
        perform logic.authorize_principal(who, workflow, 'owner');
        insert into workflow_members (workflow_id, actor_id, role, added_by)
        values (workflow, actor, 'member', who.actor_id)
        on conflict do nothing;
    end loop;
end
$$;

-- Agents and services that the caller owns or shares a workflow with; all of them for an administrator.
create function logic.list_agents(caller text, max_rows int, cursor text default null) returns jsonb language plpgsql stable as $$
declare
    who logic.principal := logic.identify_caller(caller);
    last_seen jsonb;
    page jsonb;
begin
    perform logic.require_scope(who, 'read');
    last_seen := logic.read_cursor(cursor, 'agents', '[]');
    -- One row more than requested, to learn whether there are more.
    select coalesce(jsonb_agg(logic.actor_json(seen.id) order by seen.id), '[]') into page
      from (select a.id from actors a
             where a.kind in ('agent', 'service') and (last_seen is null or a.id > (last_seen ->> 0) collate "C")
               and (who.is_admin or a.owner_id = who.actor_id or a.id = who.actor_id
                    or exists (select from workflow_members mine join workflow_members theirs using (workflow_id)
                                where mine.actor_id = who.actor_id and theirs.actor_id = a.id))
             order by a.id limit max_rows + 1) seen;
    return jsonb_build_object('agents', page - max_rows)
        || logic.page_end(jsonb_array_length(page), max_rows, 'agents', '[]', jsonb_build_array(page -> (max_rows - 1) -> 'id'));
end
$$;

-- Renames an agent, or disables it, which invalidates its credentials immediately.
create function logic.update_agent(caller text, agent text, agent_name text, disabled boolean) returns jsonb language plpgsql as $$
declare
    who logic.principal := logic.identify_caller(caller);
    target actors;
begin
    perform logic.require_scope(who, 'manage');
    target := logic.authorize_owned_actor(who, agent);
    if target.kind = 'user' then
        perform logic.fail('not_found', format('There is no agent %s of yours.', agent));
    end if;
    if disabled is not null then
        perform logic.require_all_scopes(who, (select array_agg(distinct s.scope) from api_keys k cross join unnest(k.scopes) s (scope)
                                                where k.actor_id = agent and k.revoked_at is null), 'disable or enable');
    end if;
    perform logic.check_visible('name', agent_name);
    update actors
       set name = coalesce(agent_name, name), disabled_with = case when disabled is null then disabled_with end,
           disabled_at = case when disabled then coalesce(disabled_at, now()) when not disabled then null else disabled_at end
     where id = agent;
    if disabled then
        perform logic.end_claims_of(array[agent]);
    end if;
    return logic.actor_json(agent);
end
$$;

-- Creates an agent or service unless it exists. For operators.
create function logic.provision_actor(actor text, actor_kind text, actor_name text) returns jsonb language plpgsql as $$
begin
    if not exists (select from actors a where a.id = actor) then
        perform logic.check_new_agent_id(actor, 'actor');
    end if;
    insert into actors (id, kind, name) values (actor, actor_kind, coalesce(actor_name, actor)) on conflict (id) do nothing;
    return logic.actor_json(actor);
end
$$;
