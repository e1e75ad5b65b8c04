-- Who calls, and what they may do. Every function that serves a request begins with one of the functions
-- called `authorize…`, so that no transport can skip the check.
--
-- `caller` is a bare actor id (psql and the command line; direct database access is trusted), or the text of
-- a JSON object that a transport has built from a verified credential:
--   {"actor": "user-…", "for": "agent-x", "session": "session-…", "key": "…", "strict": true, "address": "192.0.2.7"}
-- A session or key named there is looked up for each request, so revoking it takes effect immediately.

-- An identified caller. `role` is the role in the workflow of the last authorization, else null; `trusted` marks direct
-- database access; `strict_names` marks a client that wants unknown names refused instead of created.
create type logic.principal as (
    actor_id text,
    acting_for text,
    kind text,
    is_admin boolean,
    scopes text[],
    role text,
    trusted boolean,
    strict_names boolean
);

-- The credential in `caller` as a JSON object.
create function logic.parse_caller(caller text) returns jsonb language sql stable
begin atomic
    select case when left(caller, 1) = '{' then caller::jsonb else jsonb_build_object('actor', caller) end;
end;

-- The actor of a credential, if it is not disabled and its session or key holds; else no row. One plain statement, so that
-- queries that look up more at once contain it instead of calling it.
create function logic.find_principal(credential jsonb, trusted boolean) returns setof logic.principal language sql stable
begin atomic
    select a.id, nullif(nullif(credential ->> 'for', a.id), ''), a.kind,
           a.is_admin and (k.id is null or '*' = any (k.scopes)), coalesce(k.scopes, '{*}'), null::text,
           find_principal.trusted, coalesce((credential ->> 'strict')::boolean, false)
      from actors a
      left join api_keys k on k.id = credential ->> 'key' and k.actor_id = a.id
           and k.revoked_at is null and (k.expires_at is null or k.expires_at > now())
      left join sessions s on s.id = credential ->> 'session' and s.actor_id = a.id
           and s.revoked_at is null and s.expires_at > now()
     where a.id = credential ->> 'actor' and a.disabled_at is null
       and (credential ->> 'key' is null or k.id is not null)
       and (credential ->> 'session' is null or s.id is not null);
end;

-- Resolves the caller; fails if the actor is disabled or the session or key does not hold.
create function logic.identify_caller(caller text) returns logic.principal language plpgsql stable as $$
declare
    credential constant jsonb := logic.parse_caller(caller);
    found_principal logic.principal;
    noted text;
begin
    select p.* into found_principal from logic.find_principal(credential, left(caller, 1) <> '{') p;
    if found_principal.actor_id is null then
        perform logic.fail('unauthenticated', 'The credential is unknown, expired or revoked; sign in again.');
    end if;
    if found_principal.acting_for is not null then
        found_principal.acting_for := logic.own_agent_id(found_principal, found_principal.acting_for);
    end if;
    -- Triggers that record security events read it.
    noted := set_config('callboard.credential', caller, true);
    return found_principal;
end
$$;

-- A field of the caller's credential, e.g. its session or key; null for direct database access.
create function logic.credential_field(caller text, name text) returns text language sql immutable
begin atomic
    select case when left(caller, 1) = '{' then (caller::jsonb) ->> name end;
end;

-- Whether a list of scopes holds the scope.
create function logic.has_scope(scopes text[], scope text) returns boolean language sql immutable
begin atomic
    select scope = any (scopes) or '*' = any (scopes);
end;

-- Rejects a key without the scope; sessions have all scopes.
create function logic.require_scope(who logic.principal, scope text) returns void language plpgsql immutable as $$
begin
    if not logic.has_scope(who.scopes, scope) then
        perform logic.fail('forbidden', format('This key lacks the scope "%s".', scope), jsonb_build_object('scope', scope));
    end if;
end
$$;

-- Makes an actor, who may act for another, the author of the changes in this transaction; history triggers read it. Returns true.
create function logic.note_audit_actor(actor text, acting_for text) returns boolean language sql volatile
begin atomic
    select set_config('callboard.actor', actor, true) is not null
       and set_config('callboard.on_behalf_of', coalesce(acting_for, ''), true) is not null;
end;

-- Whether a caller may act for another actor.
create function logic.may_act_for_others(who logic.principal) returns boolean language sql immutable
begin atomic
    select (who).is_admin or ((who).kind = 'service' and logic.has_scope((who).scopes, 'act_for'));
end;

-- Makes the caller the author of the changes in this transaction. Agents that are acted for are provisioned on first use.
-- Rights stay those of the caller: acting for an actor adds none.
create function logic.set_audit_actor(who logic.principal) returns void language plpgsql as $$
declare
    noted boolean;
begin
    if who.acting_for is not null then
        if not logic.may_act_for_others(who) then
            perform logic.fail('forbidden', 'Only a service key with the scope "act_for" or an administrator may act for another actor.',
                jsonb_build_object('field', 'agent_id'));
        end if;
        if not who.is_admin and logic.is_person(who.acting_for) then
            perform logic.fail('forbidden', 'A service may act for agents, not for people.', jsonb_build_object('field', 'agent_id'));
        end if;
        perform logic.ensure_agent(who.acting_for, who.actor_id);
        if exists (select from actors a where a.id = who.acting_for and a.disabled_at is not null) then
            perform logic.fail('forbidden', format('The agent %s is disabled.', who.acting_for), jsonb_build_object('field', 'agent_id'));
        end if;
    end if;
    noted := logic.note_audit_actor(who.actor_id, who.acting_for);
end
$$;

-- Whether an id is a person's. An unknown id in the form of a person's id counts too, so that the answer does
-- not reveal which people exist.
create function logic.is_person(id text) returns boolean language sql stable
begin atomic
    select coalesce((select a.kind = 'user' from actors a where a.id = is_person.id), is_person.id like 'user-%');
end;

-- Provisions an agent on first use.
create function logic.ensure_agent(agent_id text, owner text default null, field text default 'agent_id') returns void language plpgsql as $$
begin
    if not exists (select from actors a where a.id = agent_id) then
        perform logic.check_new_agent_id(agent_id, field);
    end if;
    insert into actors (id, kind, name, owner_id) values (agent_id, 'agent', agent_id, owner)
    on conflict (id) do nothing;
end
$$;

-- The actor that a row is written for: the one acted for, else the caller.
create function logic.effective_actor_id(who logic.principal) returns text language sql immutable
begin atomic
    select coalesce((who).acting_for, (who).actor_id);
end;

-- Checks that an identified caller holds at least `required` (viewer < member < owner) in the workflow, and
-- that its key has the scope for it (read, write, manage); returns it with its role. Non-members get 404,
-- never 403; `subject` names what the message reports as missing.
create function logic.authorize_principal(who logic.principal, workflow text, required text, subject text default null)
returns logic.principal language plpgsql as $$
declare
    allowed boolean;
begin
    select case when who.is_admin then 'owner' else m.role end into who.role
      from workflows w
      left join workflow_members m on m.workflow_id = w.id and m.actor_id = who.actor_id
     where w.id = workflow;
    allowed := logic.require_role(who, workflow, required, subject);
    return who;
end
$$;

-- The part of it after the look-up of the role: rejects a caller whose role or key does not suffice. Returns true.
create function logic.require_role(who logic.principal, workflow text, required text, subject text) returns boolean language plpgsql as $$
declare
    scope constant text := case required when 'viewer' then 'read' when 'member' then 'write' else 'manage' end;
    noted boolean;
begin
    if who.role is null then
        perform logic.fail('not_found', format('There is no %s.', coalesce(subject, 'workflow ' || coalesce(workflow, ''))));
    end if;
    if not logic.has_scope(who.scopes, scope) then
        perform logic.require_scope(who, scope);
    end if;
    if array_position('{viewer,member,owner}', who.role) < array_position('{viewer,member,owner}', required) then
        perform logic.fail('forbidden', format('This needs the role %s in the workflow; yours is %s.', required, who.role),
            jsonb_build_object('role', who.role, 'required', required));
    end if;
    if required <> 'viewer' and who.acting_for is null then
        noted := logic.note_audit_actor(who.actor_id, null);
    elsif required <> 'viewer' then
        perform logic.set_audit_actor(who);
    end if;
    if current_setting('callboard.idempotency', true) <> '' then
        perform logic.note_authorization(workflow, required);
    end if;
    return true;
end
$$;

-- The same for a caller that is not identified yet.
create function logic.authorize(caller text, workflow text, required text, subject text default null)
returns logic.principal language plpgsql as $$
begin
    return logic.authorize_principal(logic.identify_caller(caller), workflow, required, subject);
end
$$;
