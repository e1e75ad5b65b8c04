-- Disabling people: nothing of theirs may act any longer, and nothing of it is lost.

-- People with accounts by id, in keyset pages; `words` finds those whose name, e-mail address or id contains them. For
-- administrators.
create function logic.list_accounts(caller text, max_rows int, cursor text default null, words text default null)
returns jsonb language plpgsql stable as $$
declare
    who logic.principal := logic.identify_caller(caller);
    wanted constant text := lower(nullif(btrim(words), ''));
    about constant jsonb := jsonb_build_array(wanted);
    last_seen jsonb;
    page jsonb;
begin
    perform logic.require_admin(who);
    last_seen := logic.read_cursor(cursor, 'accounts', about);
    -- One row more than requested, to learn whether there are more.
    select coalesce(jsonb_agg(logic.actor_json(seen.id) || jsonb_build_object(
               'last_seen_at', (select max(s.last_used_at) from sessions s where s.actor_id = seen.id),
               'sessions', (select count(*) from sessions s where s.actor_id = seen.id and s.revoked_at is null and s.expires_at > now()),
               'agents', (select count(*) from actors o where o.owner_id = seen.id)) order by seen.id), '[]') into page
      from (select a.id from actors a left join users u on u.actor_id = a.id
             where a.kind = 'user' and (last_seen is null or a.id > (last_seen ->> 0) collate "C")
               and (wanted is null or position(wanted in lower(a.name)) > 0 or position(wanted in lower(u.email)) > 0
                    or position(wanted in lower(a.id)) > 0)
             order by a.id limit max_rows + 1) seen;
    return jsonb_build_object('users', page - max_rows)
        || logic.page_end(jsonb_array_length(page), max_rows, 'accounts', about, jsonb_build_array(page -> (max_rows - 1) -> 'id'));
end
$$;

-- Rejects a caller that is no administrator of the installation.
create function logic.require_admin(who logic.principal) returns void language plpgsql immutable as $$
begin
    perform logic.require_scope(who, 'manage');
    if not who.is_admin then
        perform logic.fail('forbidden', 'Only an administrator of the installation may do this.');
    end if;
end
$$;

-- Disables a person given by id or e-mail address, or enables one again. Disabling ends their sessions and stops their
-- keys, and the agents and services that they own with all their keys. Enabling brings back the keys and those agents,
-- but no session.
create function logic.set_user_disabled(caller text, person text, disabled boolean) returns jsonb language plpgsql as $$
declare
    who logic.principal := logic.identify_caller(caller);
    target actors;
    sessions_ended int := 0;
    agents int;
begin
    perform logic.require_admin(who);
    target := logic.find_person(person);
    -- One after the other, so that two administrators cannot disable each other at once.
    perform pg_advisory_xact_lock(logic.lock_key('disabling'));
    if disabled and target.id = who.actor_id and not who.trusted then
        perform logic.fail('conflict', 'You cannot disable your own account; ask another administrator.');
    end if;
    if disabled and target.is_admin and not exists (
        select from actors a where a.kind = 'user' and a.is_admin and a.disabled_at is null and a.id <> target.id) then
        perform logic.fail('conflict', 'This is the last administrator; make another one first.');
    end if;
    if disabled then
        update actors a set disabled_at = now() where a.id = target.id and a.disabled_at is null;
        update actors a set disabled_at = now(), disabled_with = target.id
         where a.id in (select logic.owned_actors(target.id)) and a.kind <> 'user' and a.disabled_at is null;
        get diagnostics agents = row_count;
        sessions_ended := logic.end_sessions(array(select s.id from sessions s where s.actor_id = target.id and s.revoked_at is null), 'account disabled');
        delete from ws_tickets t where t.actor_id in (select logic.owned_actors(target.id));
        perform logic.end_claims_of(array(select logic.owned_actors(target.id)));
    else
        update actors a set disabled_at = null where a.id = target.id;
        update actors a set disabled_at = null, disabled_with = null where a.disabled_with = target.id;
        get diagnostics agents = row_count;
    end if;
    return jsonb_build_object('user', logic.actor_json(target.id), 'sessions_ended', sessions_ended, 'agents_changed', agents);
end
$$;
