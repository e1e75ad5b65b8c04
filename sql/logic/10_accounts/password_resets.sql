-- Links with which people whose password is lost choose a new one. An administrator makes a link and hands it over; the
-- server sends nothing.

-- The link of this hash, if it can be used: not used or expired, its person is active and has the password of when it was
-- made, and its maker is still an administrator, so that nobody comes back by a link of their own.
create function logic.valid_password_reset(link_hash bytea) returns setof password_resets language sql stable
begin atomic
    select r.*
      from password_resets r
      join actors person on person.id = r.actor_id and person.disabled_at is null
      join users u on u.actor_id = r.actor_id and u.password_changed_at <= r.created_at
      join actors maker on maker.id = r.created_by and maker.disabled_at is null and maker.is_admin
     where r.token_hash = link_hash and r.used_at is null and r.expires_at > now();
end;

-- Fails for a link that cannot be used.
create function logic.fail_password_reset() returns void language plpgsql immutable as $$
begin
    perform logic.fail('gone', 'The link is not valid: it was used, has expired, or was replaced. Ask an administrator for a new one.');
end
$$;

-- POST /api/users/{id}/password-reset: makes a link for a person given by id or e-mail address. Only the newest link of a
-- person works.
create function logic.create_password_reset(caller text, person text, link_hash bytea, hours int, with_keys boolean default false)
returns jsonb language plpgsql as $$
declare
    who logic.principal := logic.identify_caller(caller);
    target actors;
    made password_resets;
begin
    perform logic.require_admin(who);
    target := logic.find_person(person);
    if target.id = who.actor_id and not who.trusted then
        perform logic.fail('conflict', 'Change your own password on your account page, or ask another administrator for a link.');
    end if;
    if target.disabled_at is not null then
        perform logic.fail('conflict', 'This account is disabled; enable it first.');
    end if;
    -- Links of one person are made one after the other.
    perform 1 from actors a where a.id = target.id for no key update;
    delete from password_resets r where r.actor_id = target.id and r.used_at is null;
    insert into password_resets (token_hash, actor_id, created_by, expires_at, revokes_keys)
    values (link_hash, target.id, who.actor_id, now() + make_interval(hours => hours), with_keys)
    returning * into made;
    return jsonb_build_object('user', logic.actor_json(target.id), 'expires_at', made.expires_at, 'revokes_keys', made.revokes_keys);
end
$$;

-- Whose password a link sets, so that the server can check the new one.
create function logic.find_password_reset(link_hash bytea) returns jsonb language plpgsql stable as $$
declare
    person text := (select r.actor_id from logic.valid_password_reset(link_hash) r);
begin
    if person is null then
        perform logic.fail_password_reset();
    end if;
    return logic.actor_json(person);
end
$$;

-- POST /api/auth/password-reset: sets the password with a link, and ends all sessions. Of two concurrent uses the second waits
-- and finds it used.
create function logic.use_password_reset(link_hash bytea, new_password text, client_address text default null)
returns jsonb language plpgsql as $$
declare
    reset password_resets;
begin
    perform logic.set_anonymous_origin(client_address);
    perform 1 from password_resets r where r.token_hash = link_hash for no key update;
    -- A separate statement, so that it sees the row as it is now.
    select * into reset from logic.valid_password_reset(link_hash);
    if reset.actor_id is null then
        perform logic.fail_password_reset();
    end if;
    update password_resets r set used_at = now() where r.token_hash = link_hash;
    perform logic.replace_password(reset.actor_id, new_password, reset.revokes_keys);
    return logic.actor_json(reset.actor_id);
end
$$;
