-- The first administrator of an installation.

-- Creates the first administrator, or promotes the account that has the e-mail address: with this password and without
-- its sessions and keys, because anyone may have registered it. Returns false if an administrator exists.
create function logic.ensure_first_admin(email_address text, user_name text, password text) returns jsonb language plpgsql as $$
declare
    existing text;
begin
    perform pg_advisory_xact_lock(logic.lock_key('first_admin'));
    if logic.admin_exists() then
        return 'false';
    end if;
    select u.actor_id into existing from users u where lower(u.email) = lower(email_address);
    if existing is null then
        perform logic.insert_user(email_address, user_name, password, true);
    else
        update users set password_hash = password, password_changed_at = now() where actor_id = existing;
        update actors set is_admin = true, disabled_at = null where id = existing;
        perform logic.end_sessions(array(select s.id from sessions s where s.actor_id = existing), 'became the administrator');
        perform logic.revoke_keys_of_person(existing);
    end if;
    return 'true';
end
$$;

-- Stores the hash of a one-time link that creates the first administrator; false if one exists.
create function logic.create_setup_link(link_hash bytea) returns jsonb language plpgsql as $$
begin
    if logic.admin_exists() then
        return 'false';
    end if;
    insert into invites (token_hash, purpose, expires_at) values (link_hash, 'setup', now() + interval '24 hours');
    return 'true';
end
$$;

-- Creates the first administrator by such a link, and invalidates all links.
create function logic.complete_setup(
    link_hash bytea, email_address text, user_name text, password text, client_address text default null
) returns jsonb language plpgsql as $$
declare
    admin text;
begin
    perform logic.set_anonymous_origin(client_address);
    perform pg_advisory_xact_lock(logic.lock_key('first_admin'));
    if not exists (select from invites where token_hash = link_hash and purpose = 'setup' and used_at is null and expires_at > now()) then
        perform logic.fail('gone', 'The set-up link is not valid: it was used or has expired. Restart the server to get a new one.');
    end if;
    if logic.admin_exists() then
        perform logic.fail('gone', 'An administrator exists already; sign in instead.');
    end if;
    update invites set used_at = now() where purpose = 'setup' and used_at is null;
    admin := logic.insert_user(email_address, user_name, password, true);
    return logic.actor_json(admin);
end
$$;
