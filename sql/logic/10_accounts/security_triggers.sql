-- Security events of people, sessions, keys and invitations.
-- Lock order: none besides the rows themselves; an event is one insert.

-- AFTER INSERT or UPDATE of actors: services, administrators, owners, disabling. People are recorded with their account.
create function logic.actor_security() returns trigger language plpgsql as $$
begin
    if tg_op = 'INSERT' then
        perform logic.record_security_event('service_created', 'ok', new.id, details => jsonb_build_object('owner', new.owner_id));
        return null;
    end if;
    if new.is_admin <> old.is_admin then
        perform logic.record_security_event(case when new.is_admin then 'admin_granted' else 'admin_revoked' end, 'ok', new.id);
    end if;
    if new.owner_id is distinct from old.owner_id then
        perform logic.record_security_event('owner_changed', 'ok', new.id,
            details => jsonb_build_object('owner', new.owner_id, 'previous_owner', old.owner_id));
    end if;
    if (new.disabled_at is null) <> (old.disabled_at is null) then
        perform logic.record_security_event(case when new.disabled_at is null then 'actor_enabled' else 'actor_disabled' end, 'ok', new.id,
            details => jsonb_build_object('actor_kind', new.kind));
    end if;
    return null;
end
$$;

-- AFTER INSERT or UPDATE of users.
create function logic.user_security() returns trigger language plpgsql as $$
declare
    caller constant text := logic.current_credential() ->> 'actor';
begin
    if tg_op = 'INSERT' then
        perform logic.record_security_event('person_created', 'ok', new.actor_id,
            details => jsonb_build_object('is_admin', (select a.is_admin from actors a where a.id = new.actor_id)),
            actor => case when caller = '' then new.actor_id end);
        return null;
    end if;
    if new.password_hash <> old.password_hash then
        perform logic.record_security_event(case when caller = new.actor_id then 'password_changed' else 'password_reset' end, 'ok', new.actor_id);
    end if;
    if new.email <> old.email then
        perform logic.record_security_event('email_changed', 'ok', new.actor_id);
    end if;
    return null;
end
$$;

-- AFTER INSERT or UPDATE of sessions: a sign-in, and how it ended.
create function logic.session_security() returns trigger language plpgsql as $$
declare
    caller constant jsonb := logic.current_credential();
begin
    if tg_op = 'INSERT' then
        perform logic.record_security_event('sign_in', 'ok', new.actor_id, actor => new.actor_id, client_address => new.address, session => new.id,
            details => jsonb_build_object('user_agent', left(new.user_agent, 200)));
    elsif new.revoked_reason = 'signed out' then
        perform logic.record_security_event('sign_out', 'ok', new.actor_id, actor => new.actor_id,
            client_address => coalesce(caller ->> 'address', new.address), session => new.id);
    elsif new.revoked_reason = 'a refresh token was used twice' then
        perform logic.record_security_event('refresh_token_reused', 'failed', new.actor_id, actor => '', session => new.id);
    else
        perform logic.record_security_event('session_ended', 'ok', new.actor_id,
            details => jsonb_build_object('ended_session', new.id, 'reason', new.revoked_reason));
    end if;
    return null;
end
$$;

-- AFTER INSERT or UPDATE of api_keys: creation, revocation, the first use, and the first use of each day; changes, which only
-- direct database access can make.
create function logic.api_key_security() returns trigger language plpgsql as $$
declare
    changed text[];
begin
    if tg_op = 'INSERT' then
        perform logic.record_security_event('key_created', 'ok', new.id, details => jsonb_build_object('name', new.name, 'actor', new.actor_id,
            'scopes', to_jsonb(new.scopes), 'expires_at', new.expires_at));
        return null;
    end if;
    changed := array(select v.name from (values ('scopes', new.scopes is distinct from old.scopes), ('expires_at', new.expires_at is distinct from old.expires_at),
            ('secret', new.secret_hash <> old.secret_hash), ('actor', new.actor_id <> old.actor_id),
            ('revoked_at', new.revoked_at is null and old.revoked_at is not null)) v (name, is_changed) where v.is_changed);
    if new.revoked_at is not null and old.revoked_at is null then
        perform logic.record_security_event('key_revoked', 'ok', new.id, details => jsonb_build_object('name', new.name, 'actor', new.actor_id));
    elsif changed <> '{}' then
        perform logic.record_security_event('key_changed', 'ok', new.id, details => jsonb_build_object('name', new.name, 'actor', new.actor_id,
            'scopes', to_jsonb(new.scopes), 'expires_at', new.expires_at, 'changed', to_jsonb(changed)));
    elsif old.last_used_at is null and new.last_used_at is not null then
        perform logic.record_security_event('key_first_used', 'ok', new.id, actor => new.actor_id, key => new.id);
    elsif (new.last_used_at at time zone 'UTC')::date > (old.last_used_at at time zone 'UTC')::date then
        perform logic.record_security_event('key_used', 'ok', new.id, actor => new.actor_id, key => new.id);
    end if;
    return null;
end
$$;

-- AFTER INSERT or UPDATE of invites: links that make an account, a member or the first administrator, their use and withdrawal.
create function logic.invite_security() returns trigger language plpgsql as $$
begin
    perform logic.record_security_event(case when tg_op = 'INSERT' then 'invitation_created'
            when new.withdrawn_at is not null then 'invite_link_withdrawn' else 'invitation_accepted' end, 'ok', null, new.workflow_id,
        jsonb_build_object('purpose', new.purpose, 'role', new.role, 'expires_at', new.expires_at, 'invited_by', new.created_by));
    return null;
end
$$;

-- AFTER INSERT of password_resets: a link that sets a person's password. Its use is recorded with the account.
create function logic.password_reset_security() returns trigger language plpgsql as $$
begin
    perform logic.record_security_event('password_reset_created', 'ok', new.actor_id,
        details => jsonb_build_object('expires_at', new.expires_at, 'revokes_keys', new.revokes_keys));
    return null;
end
$$;

-- AFTER INSERT of signing_keys: the first keys, and each rotation.
create function logic.signing_key_security() returns trigger language plpgsql as $$
begin
    perform logic.record_security_event('signing_key_created', 'ok', new.kid, details => jsonb_build_object('purpose', new.purpose));
    return null;
end
$$;

-- AFTER a change of settings of the installation, but for what the server itself notes about search.
create function logic.setting_security() returns trigger language plpgsql as $$
declare
    setting constant text := case when tg_op = 'DELETE' then old.key else new.key end;
    details jsonb := '{}';
begin
    if setting = 'registration' and tg_op <> 'DELETE' then
        details := jsonb_build_object('value', new.value);
    end if;
    if setting not like 'search%' then
        perform logic.record_security_event('setting_changed', 'ok', setting, details => details);
    end if;
    return null;
end
$$;

create trigger services_inserted_security after insert on actors
    for each row when (new.kind = 'service') execute function logic.actor_security();
create trigger actors_updated_security after update of is_admin, owner_id, disabled_at on actors
    for each row execute function logic.actor_security();
create trigger users_security after insert or update of password_hash, email on users
    for each row execute function logic.user_security();
create trigger sessions_inserted_security after insert on sessions
    for each row execute function logic.session_security();
create trigger sessions_ended_security after update of revoked_at on sessions
    for each row when (old.revoked_at is null and new.revoked_at is not null) execute function logic.session_security();
create trigger api_keys_security after insert or update of last_used_at, revoked_at, scopes, expires_at, secret_hash, actor_id on api_keys
    for each row execute function logic.api_key_security();
create trigger invites_inserted_security after insert on invites
    for each row execute function logic.invite_security();
create trigger invites_used_security after update of used_at on invites
    for each row when (old.used_at is null and new.used_at is not null) execute function logic.invite_security();
create trigger invites_withdrawn_security after update of withdrawn_at on invites
    for each row when (old.withdrawn_at is null and new.withdrawn_at is not null) execute function logic.invite_security();
create trigger password_resets_security after insert on password_resets
    for each row execute function logic.password_reset_security();
create trigger signing_keys_security after insert on signing_keys
    for each row execute function logic.signing_key_security();
create trigger settings_security after insert or update or delete on settings
    for each row execute function logic.setting_security();
