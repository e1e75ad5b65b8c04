-- Sessions and their refresh tokens.

-- Starts a session whose first refresh token has this hash.
create function logic.open_session(actor text, refresh_hash bytea, days int, agent text, client_address text)
returns jsonb language plpgsql as $$
declare
    new_session text := logic.new_id('session');
begin
    insert into sessions (id, actor_id, user_agent, address, expires_at)
    values (new_session, actor, left(agent, 500), client_address, now() + make_interval(days => days));
    insert into refresh_tokens (token_hash, session_id) values (refresh_hash, new_session);
    return jsonb_build_object('session_id', new_session, 'user', logic.actor_json(actor));
end
$$;

-- Exchanges a refresh token for its successor, which the server derives from it, so that parallel exchanges agree.
-- Lock order: the session's row, then its tokens. Raises no error, because that would roll back a revocation.
--   ok       the successor is valid. A repeated exchange within ten seconds gets the same answer, while the
--            successor is unused (two tabs, a lost response)
--   reused   the token was exchanged earlier than that: it was stolen, so the session ends
--   unknown  never issued, signed out, expired; nothing changes
create function logic.refresh_session(presented bytea, successor bytea, days int, agent text, client_address text)
returns jsonb language plpgsql as $$
declare
    family sessions;
    token refresh_tokens;
begin
    select s.* into family
      from sessions s
     where s.id = (select r.session_id from refresh_tokens r where r.token_hash = presented)
       for no key update;
    if family.id is null or family.revoked_at is not null or family.expires_at <= clock_timestamp()
       or exists (select from actors a where a.id = family.actor_id and a.disabled_at is not null) then
        return '{"outcome": "unknown"}';
    end if;
    select r.* into token from refresh_tokens r where r.token_hash = presented;
    if token.used_at is null then
        update refresh_tokens set used_at = clock_timestamp(), successor_hash = successor where token_hash = presented;
        insert into refresh_tokens (token_hash, session_id, issued_at) values (successor, family.id, clock_timestamp());
        update sessions
           set last_used_at = clock_timestamp(), expires_at = clock_timestamp() + make_interval(days => days),
               user_agent = coalesce(left(agent, 500), user_agent), address = coalesce(client_address, address)
         where id = family.id;
    elsif token.used_at < clock_timestamp() - interval '10 seconds'
          or not exists (select from refresh_tokens r where r.token_hash = token.successor_hash and r.used_at is null) then
        perform logic.set_anonymous_origin(client_address);
        perform logic.end_sessions(array[family.id], 'a refresh token was used twice');
        return '{"outcome": "reused"}';
    elsif token.successor_hash <> successor then
        -- The server's key changed between the two exchanges; only the first successor is valid.
        return '{"outcome": "unknown"}';
    end if;
    return jsonb_build_object('outcome', 'ok', 'session_id', family.id, 'user', logic.actor_json(family.actor_id));
end
$$;

-- Ends sessions and their WebSocket tickets; returns how many.
create function logic.end_sessions(ids text[], reason text) returns int language plpgsql as $$
declare
    ended int;
begin
    update sessions set revoked_at = now(), revoked_reason = reason where id = any (ids) and revoked_at is null;
    get diagnostics ended = row_count;
    delete from ws_tickets where session_id = any (ids);
    return ended;
end
$$;

-- Signs out: ends the session of an access token, or the one a refresh token belongs to. The answer does not reveal
-- whether there was one.
create function logic.sign_out(session text, refresh_hash bytea) returns jsonb language plpgsql as $$
begin
    return to_jsonb(logic.end_sessions(
        array(select session where session is not null
              union select r.session_id from refresh_tokens r where r.token_hash = refresh_hash), 'signed out'));
end
$$;

-- The caller, and how it authenticated.
create function logic.get_current_user(caller text) returns jsonb language plpgsql stable as $$
declare
    who logic.principal := logic.identify_caller(caller);
begin
    return jsonb_build_object('user', logic.actor_json(who.actor_id), 'session_id', logic.credential_field(caller, 'session'),
        'key_id', logic.credential_field(caller, 'key'), 'scopes', to_jsonb(who.scopes), 'acting_for', who.acting_for);
end
$$;

-- The newest 200 sessions of the caller, the most recently used first; or, for an administrator, of a person given by id or
-- e-mail address.
create function logic.list_sessions(caller text, person text default null) returns jsonb language plpgsql stable as $$
declare
    who logic.principal := logic.identify_caller(caller);
    owner text := who.actor_id;
begin
    perform logic.require_scope(who, 'manage');
    if person is not null then
        perform logic.require_admin(who);
        owner := (logic.find_person(person)).id;
    end if;
    return jsonb_build_object('sessions', coalesce((
        select jsonb_agg(jsonb_build_object('id', s.id, 'created_at', s.created_at, 'last_used_at', s.last_used_at,
                   'expires_at', s.expires_at, 'user_agent', s.user_agent, 'address', s.address,
                   'current', s.id is not distinct from logic.credential_field(caller, 'session')) order by s.last_used_at desc)
          from (select * from sessions o
                 where o.actor_id = owner and o.revoked_at is null and o.expires_at > now()
                 order by o.last_used_at desc limit 200) s), '[]'));
end
$$;

-- DELETE /api/users/{id}/sessions: ends all sessions of a person, but for the one that asks. For administrators.
create function logic.end_sessions_of_person(caller text, person text) returns jsonb language plpgsql as $$
declare
    who logic.principal := logic.identify_caller(caller);
    target actors;
begin
    perform logic.require_admin(who);
    target := logic.find_person(person);
    return jsonb_build_object('revoked', logic.end_sessions(array(
        select s.id from sessions s
         where s.actor_id = target.id and s.revoked_at is null and s.id is distinct from logic.credential_field(caller, 'session')),
        'ended by an administrator'));
end
$$;

-- Ends one session of an identified caller, or, for null, all but the current one.
create function logic.end_own_sessions(who logic.principal, current_session text, session text default null) returns jsonb language plpgsql as $$
declare
    ended int;
begin
    -- A session can do everything, so only what can do everything ends one.
    perform logic.require_all_scopes(who, '{*}', 'end');
    ended := logic.end_sessions(array(
        select s.id from sessions s
         where s.actor_id = who.actor_id and s.revoked_at is null
           and case when session is null then s.id is distinct from current_session else s.id = session end), 'revoked by its owner');
    if session is not null and ended = 0 then
        perform logic.fail('not_found', 'There is no such session.');
    end if;
    return jsonb_build_object('revoked', ended);
end
$$;

-- Ends one of the caller's sessions, or, for null, all but the current one.
create function logic.revoke_session(caller text, session text) returns jsonb language plpgsql as $$
begin
    return logic.end_own_sessions(logic.identify_caller(caller), logic.credential_field(caller, 'session'), session);
end
$$;
