-- Agents, services and their API keys.

-- The actors that a caller may manage: itself, what it owns, and for an administrator every agent and
-- service. To everyone else they look absent.
create function logic.require_owned(who logic.principal, actor text) returns actors language plpgsql stable as $$
declare
    target actors;
begin
    select a.* into target from actors a
     where a.id = actor and (a.id = who.actor_id or a.owner_id = who.actor_id or (who.is_admin and a.kind <> 'user'));
    if target.id is null then
        perform logic.fail('CB404', format('There is no agent %s of yours.', coalesce(actor, '')));
    end if;
    return target;
end
$$;

create function logic.create_agent(caller text, agent_id text, agent_kind text, agent_name text, in_workflows text[])
returns jsonb language plpgsql as $$
declare
    who logic.principal := logic.identify(caller);
    new_agent text := coalesce(agent_id, logic.new_id(agent_kind));
begin
    perform logic.require_scope(who, 'manage');
    if agent_kind not in ('agent', 'service') then
        perform logic.invalid('kind', 'must be agent or service');
    end if;
    if split_part(new_agent, '-', 1) = 'user' then
        perform logic.invalid('id', 'must not begin with user-, as the ids of people do');
    end if;
    insert into actors (id, kind, name, owner_id)
    values (new_agent, agent_kind, coalesce(agent_name, new_agent), who.actor_id)
    on conflict (id) do nothing;
    if not found then
        perform logic.fail('CB409', format('The id %s is taken.', new_agent), '{"field": "id", "rule": "is taken"}');
    end if;
    perform logic.add_to_workflows(caller, who, new_agent, in_workflows);
    return logic.actor_json(new_agent);
end
$$;

-- Makes an actor a member of workflows that the caller owns.
create function logic.add_to_workflows(caller text, who logic.principal, actor text, in_workflows text[])
returns void language plpgsql as $$
declare
    workflow text;
begin
    foreach workflow in array coalesce(in_workflows, '{}') loop
        perform logic.authorize(caller, workflow, 'owner');
        insert into workflow_members (workflow_id, actor_id, role, added_by)
        values (workflow, actor, 'member', who.actor_id)
        on conflict do nothing;
    end loop;
end
$$;

-- Agents and services the caller owns or shares a workflow with; all of them for an administrator.
create function logic.list_agents(caller text, max_rows int, after text default null) returns jsonb language plpgsql stable as $$
declare
    who logic.principal := logic.identify(caller);
    page jsonb;
begin
    perform logic.require_scope(who, 'read');
    -- One more than asked for tells whether there is more.
    select coalesce(jsonb_agg(logic.actor_json(seen.id) order by seen.id), '[]') into page
      from (select a.id from actors a
             where a.kind in ('agent', 'service') and (after is null or a.id > after collate "C")
               and (who.is_admin or a.owner_id = who.actor_id or a.id = who.actor_id
                    or exists (select from workflow_members mine join workflow_members theirs using (workflow_id)
                                where mine.actor_id = who.actor_id and theirs.actor_id = a.id))
             order by a.id limit max_rows + 1) seen;
    return jsonb_build_object('agents', page - max_rows, 'has_more', jsonb_array_length(page) > max_rows,
        'next_cursor', case when jsonb_array_length(page) > max_rows then page -> (max_rows - 1) ->> 'id' end);
end
$$;

-- Renames an agent, or disables it: a disabled actor's credentials stop at once.
create function logic.update_agent(caller text, agent text, agent_name text, disabled boolean) returns jsonb language plpgsql as $$
declare
    who logic.principal := logic.identify(caller);
    target actors;
begin
    perform logic.require_scope(who, 'manage');
    target := logic.require_owned(who, agent);
    if target.kind = 'user' then
        perform logic.fail('CB404', format('There is no agent %s of yours.', agent));
    end if;
    update actors
       set name = coalesce(agent_name, name),
           disabled_at = case when disabled then coalesce(disabled_at, now()) when not disabled then null else disabled_at end
     where id = agent;
    return logic.actor_json(agent);
end
$$;

create function logic.key_json(key_id text) returns jsonb language sql stable
begin atomic
    select jsonb_build_object('id', k.id, 'name', k.name, 'actor_id', k.actor_id, 'actor_name', a.name, 'actor_kind', a.kind,
               'scopes', to_jsonb(k.scopes), 'created_by', k.created_by, 'created_at', k.created_at,
               'expires_at', k.expires_at, 'last_used_at', k.last_used_at, 'revoked_at', k.revoked_at)
      from api_keys k join actors a on a.id = k.actor_id
     where k.id = key_id;
end;

-- Stores a key for the caller or for an agent or service of its own. A key never makes one that can do
-- more, or lives longer, than itself.
create function logic.create_key(
    caller text, key_id text, key_hash bytea, key_name text, actor text, wanted_scopes text[], ends timestamptz, in_workflows text[]
) returns jsonb language plpgsql as $$
declare
    who logic.principal := logic.identify(caller);
    target actors;
    own_end timestamptz;
    granted text[];
    scope text;
begin
    perform logic.require_scope(who, 'manage');
    target := logic.require_owned(who, coalesce(actor, who.actor_id));
    granted := coalesce(logic.tidy_list(wanted_scopes),
        case target.kind when 'service' then '{read,write,manage,act_for}' else '{read,write}' end::text[]);
    if cardinality(granted) = 0 then
        perform logic.invalid('scopes', 'must name at least one of read, write, manage, approve, act_for, *');
    end if;
    foreach scope in array granted loop
        if scope not in ('read', 'write', 'manage', 'approve', 'act_for', '*') then
            perform logic.invalid('scopes', format('must be among read, write, manage, approve, act_for, *; "%s" is none of them', scope));
        end if;
        if not (scope = any (who.scopes) or '*' = any (who.scopes)) then
            perform logic.fail('CB403', format('A key cannot make a wider one: yours lacks the scope "%s".', scope),
                jsonb_build_object('scope', scope));
        end if;
        if scope = 'act_for' and target.kind <> 'service' then
            perform logic.invalid('scopes', 'may hold act_for only for a service');
        end if;
    end loop;
    select k.expires_at into own_end from api_keys k where k.id = logic.claim(caller, 'key');
    if ends <= now() then
        perform logic.invalid('expires_at', 'must lie in the future');
    end if;
    if own_end is not null and ends > own_end then
        perform logic.fail('CB403', 'A key cannot make one that outlives it.', jsonb_build_object('expires_at', own_end));
    end if;
    insert into api_keys (id, actor_id, name, secret_hash, scopes, created_by, expires_at)
    values (key_id, target.id, key_name, key_hash, granted, who.actor_id, coalesce(ends, own_end));
    perform logic.add_to_workflows(caller, who, target.id, in_workflows);
    return logic.key_json(key_id);
end
$$;

-- Keys of the caller and of what it owns that are not revoked, newest first.
create function logic.list_keys(caller text, actor text default null) returns jsonb language plpgsql stable as $$
declare
    who logic.principal := logic.identify(caller);
begin
    perform logic.require_scope(who, 'manage');
    if actor is not null then
        perform logic.require_owned(who, actor);
    end if;
    return jsonb_build_object('keys', coalesce((
        select jsonb_agg(logic.key_json(k.id) order by k.created_at desc, k.id desc)
          from api_keys k join actors a on a.id = k.actor_id
         where k.revoked_at is null
           and case when actor is null then a.id = who.actor_id or a.owner_id = who.actor_id else a.id = actor end), '[]'));
end
$$;

-- Revokes a key. A key may end itself whatever its scopes.
create function logic.revoke_key(caller text, key_id text) returns jsonb language plpgsql as $$
declare
    who logic.principal := logic.identify(caller);
    holder text;
begin
    select k.actor_id into holder
      from api_keys k join actors a on a.id = k.actor_id
     where k.id = key_id and k.revoked_at is null
       and (who.is_admin or a.id = who.actor_id or a.owner_id = who.actor_id);
    if key_id is distinct from logic.claim(caller, 'key') then
        perform logic.require_scope(who, 'manage');
    end if;
    if holder is null then
        perform logic.fail('CB404', 'There is no such key.');
    end if;
    update api_keys set revoked_at = now() where id = key_id and revoked_at is null;
    delete from ws_tickets where api_key_id = key_id;
    return 'null';
end
$$;

-- An agent or service made by whoever holds the database; one that exists is left as it is.
create function logic.provision_actor(actor text, actor_kind text, actor_name text) returns jsonb language plpgsql as $$
begin
    insert into actors (id, kind, name) values (actor, actor_kind, coalesce(actor_name, actor)) on conflict (id) do nothing;
    return logic.actor_json(actor);
end
$$;
