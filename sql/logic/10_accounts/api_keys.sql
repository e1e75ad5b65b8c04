-- API keys of people, agents and services.

-- The actor of a presented key, or null if the key is unknown, wrong, expired or revoked, or its actor is disabled. Records
-- the use of a key at most once a minute, without waiting for a concurrent record.
create function logic.verify_api_key(key_id text, presented_hash bytea, client_address text default null) returns jsonb language plpgsql as $$
declare
    found_key api_keys;
begin
    select k.* into found_key
      from api_keys k join actors a on a.id = k.actor_id and a.disabled_at is null
     where k.id = key_id and k.secret_hash = presented_hash
       and k.revoked_at is null and (k.expires_at is null or k.expires_at > now());
    if found_key.id is null then
        -- An unknown id is a guess; a known one was revoked, has expired or has another secret.
        if exists (select from api_keys k where k.id = key_id) then
            perform logic.record_repeatable_event('key_refused', 'failed', key_id, actor => '', client_address => client_address);
        end if;
        return null;
    end if;
    perform set_config('callboard.credential', jsonb_build_object('actor', found_key.actor_id, 'key', key_id, 'address', client_address)::text, true);
    if found_key.last_used_at is null or found_key.last_used_at < now() - interval '1 minute' then
        update api_keys set last_used_at = now()
         where id = (select k.id from api_keys k
                      where k.id = key_id and (k.last_used_at is null or k.last_used_at < now() - interval '1 minute')
                        for no key update skip locked);
    end if;
    return jsonb_build_object('key_id', found_key.id, 'actor_id', found_key.actor_id, 'expires_at', found_key.expires_at);
end
$$;

-- A key as the API shows it, without its secret.
create function logic.api_key_json(key_id text) returns jsonb language sql stable
begin atomic
    select jsonb_build_object('id', k.id, 'name', k.name, 'actor_id', k.actor_id, 'actor_name', a.name, 'actor_kind', a.kind,
               'scopes', to_jsonb(k.scopes), 'created_by', k.created_by, 'created_by_key', k.created_by_key, 'created_at', k.created_at,
               'expires_at', k.expires_at, 'last_used_at', k.last_used_at, 'revoked_at', k.revoked_at)
      from api_keys k join actors a on a.id = k.actor_id
     where k.id = key_id;
end;

-- Stores a key for the caller or for an agent or service it owns. A key cannot create one with more scopes or a longer
-- life than its own.
create function logic.create_api_key(
    caller text, key_id text, key_hash bytea, key_name text, actor text, wanted_scopes text[], ends timestamptz, in_workflows text[]
) returns jsonb language plpgsql as $$
declare
    who logic.principal := logic.identify_caller(caller);
    target actors;
    own_end timestamptz;
    granted text[];
    scope text;
begin
    perform logic.require_scope(who, 'manage');
    target := logic.authorize_owned_actor(who, coalesce(actor, who.actor_id));
    perform logic.check_visible('name', key_name);
    granted := coalesce(logic.normalize_list(wanted_scopes),
        case target.kind when 'service' then '{read,write,manage,act_for}' else '{read,write}' end::text[]);
    if cardinality(granted) = 0 then
        perform logic.fail_invalid('scopes', 'must name at least one of read, write, manage, approve, act_for, *');
    end if;
    foreach scope in array granted loop
        if scope not in ('read', 'write', 'manage', 'approve', 'act_for', '*') then
            perform logic.fail_invalid('scopes', format('must be among read, write, manage, approve, act_for, *; "%s" is none of them', scope));
        end if;
        if not (scope = any (who.scopes) or '*' = any (who.scopes)) then
            perform logic.fail('forbidden', format('A key cannot make a wider one: yours lacks the scope "%s".', scope),
                jsonb_build_object('scope', scope));
        end if;
        if scope = 'act_for' and target.kind <> 'service' then
            perform logic.fail_invalid('scopes', 'may hold act_for only for a service');
        end if;
    end loop;
    select k.expires_at into own_end from api_keys k where k.id = logic.credential_field(caller, 'key');
    if ends <= now() then
        perform logic.fail_invalid('expires_at', 'must be in the future');
    end if;
    if own_end is not null and ends > own_end then
        perform logic.fail('forbidden', 'A key cannot make one that outlives it.', jsonb_build_object('expires_at', own_end));
    end if;
    insert into api_keys (id, actor_id, name, secret_hash, scopes, created_by, created_by_key, expires_at)
    values (key_id, target.id, key_name, key_hash, granted, who.actor_id, logic.credential_field(caller, 'key'), coalesce(ends, own_end));
    perform logic.add_actor_to_workflows(who, target.id, in_workflows);
    return logic.api_key_json(key_id);
end
$$;

-- Unrevoked keys of the caller and of the agents and services it owns, newest first; for an administrator also those of services that
-- belong to nobody.
create function logic.list_api_keys(caller text, actor text default null) returns jsonb language plpgsql stable as $$
declare
    who logic.principal := logic.identify_caller(caller);
begin
    perform logic.require_scope(who, 'manage');
    if actor is not null then
        perform logic.authorize_owned_actor(who, actor);
    end if;
    return jsonb_build_object('keys', coalesce((
        select jsonb_agg(logic.api_key_json(k.id) order by k.created_at desc, k.id desc)
          from api_keys k join actors a on a.id = k.actor_id
         where k.revoked_at is null
           and case when actor is null then a.id = who.actor_id or a.owner_id = who.actor_id
                         -- What belongs to nobody, such as the services of listeners, is the administrators'.
                         or (who.is_admin and a.owner_id is null and a.kind <> 'user') else a.id = actor end), '[]'));
end
$$;

-- Rejects a key that lacks one of these scopes: no key may end or revoke what can do more than itself.
create function logic.require_all_scopes(who logic.principal, scopes text[], action text) returns void language plpgsql immutable as $$
begin
    if not ('*' = any (who.scopes) or coalesce(scopes, '{}') <@ who.scopes) then
        perform logic.fail('forbidden', format('A key cannot %s what has more scopes than itself; sign in, or use a wider key.', action),
            jsonb_build_object('scopes', to_jsonb(scopes)));
    end if;
end
$$;

-- Revokes keys and every key that was made with them, and their WebSocket tickets; returns how many keys.
create function logic.revoke_keys(ids text[]) returns int language plpgsql as $$
declare
    line text[];
    revoked int;
begin
    with recursive
    -- The keys, and those made with them; `union` ends at a key that was seen.
    made as (
        select unnest(ids) collate "C" as id
        union
        select k.id from made m join api_keys k on k.created_by_key = m.id
    )
    select array_agg(m.id) into line from made m;
    update api_keys k set revoked_at = now() where k.id = any (line) and k.revoked_at is null;
    get diagnostics revoked = row_count;
    delete from ws_tickets t where t.api_key_id = any (line);
    return revoked;
end
$$;

-- Revokes a key and those made with it. A key may revoke itself with any scopes, and no wider one.
create function logic.revoke_api_key(caller text, key_id text) returns jsonb language plpgsql as $$
declare
    who logic.principal := logic.identify_caller(caller);
    target api_keys;
begin
    select k.* into target
      from api_keys k join actors a on a.id = k.actor_id
     where k.id = key_id and k.revoked_at is null
       and (who.is_admin or a.id = who.actor_id or a.owner_id = who.actor_id);
    if key_id is distinct from logic.credential_field(caller, 'key') then
        perform logic.require_scope(who, 'manage');
    end if;
    if target.id is null then
        perform logic.fail('not_found', 'There is no such key.');
    end if;
    if key_id is distinct from logic.credential_field(caller, 'key') then
        perform logic.require_all_scopes(who, target.scopes, 'revoke');
    end if;
    perform logic.revoke_keys(array[key_id]);
    return 'null';
end
$$;

-- Every key that is not revoked, or those of one actor, oldest first. For operators.
create function logic.list_all_api_keys(actor text default null) returns jsonb language sql stable
begin atomic
    select coalesce(jsonb_agg(logic.api_key_json(k.id) order by k.created_at, k.id), '[]')
      from api_keys k
     where k.revoked_at is null and (list_all_api_keys.actor is null or k.actor_id = list_all_api_keys.actor);
end;
