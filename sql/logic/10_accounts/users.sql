-- Accounts of people. The server hashes passwords (argon2id) and tokens (SHA-256); only hashes arrive here.

-- Whether an active administrator exists.
create function logic.admin_exists() returns boolean language sql stable
begin atomic
    select exists (select from actors where kind = 'user' and is_admin and disabled_at is null);
end;

-- The part of an address that identifies one client: the /64 prefix of an IPv6 address.
create function logic.client_network(address text) returns inet language sql immutable
begin atomic
    select case when pg_input_is_valid(address, 'inet') then
        case family(address::inet) when 6 then network(set_masklen(address::inet, 64)) else address::inet end end;
end;

-- Creates a person. The server normalizes the e-mail address, which is unique.
create function logic.insert_user(email_address text, user_name text, password text, admin boolean default false)
returns text language plpgsql as $$
declare
    new_user text := logic.new_id('user');
begin
    perform logic.check_visible('name', user_name);
    insert into actors (id, kind, name, is_admin) values (new_user, 'user', user_name, admin);
    insert into users (actor_id, email, password_hash) values (new_user, email_address, password);
    return new_user;
exception when unique_violation then
    perform logic.fail('conflict', 'An account with this e-mail exists already; sign in instead.',
        '{"field": "email", "rule": "belongs to an account already"}');
end
$$;

-- Creates a person, for an operator.
create function logic.create_user(email_address text, user_name text, password text, admin boolean)
returns jsonb language plpgsql as $$
declare
    new_user text := logic.insert_user(email_address, user_name, password, admin);
begin
    return logic.actor_json(new_user);
end
$$;

-- Registers a person. `registration` is the server's setting: open, invite or off; an administrator may have chosen a stricter
-- one. A taken e-mail address gets the answer of
-- one that is not valid.
create function logic.register_user(
    email_address text, user_name text, password text, invite_hash bytea, registration text, client_address text default null
) returns jsonb language plpgsql as $$
declare
    allowed constant text := logic.get_registration(registration);
    invite invites;
    new_user text;
begin
    perform logic.set_anonymous_origin(client_address);
    if allowed = 'off' then
        perform logic.fail('forbidden', 'Registration is switched off here; ask an administrator for an account.');
    end if;
    if invite_hash is not null then
        invite := logic.redeem_invite(invite_hash, email_address);
    elsif allowed <> 'open' then
        perform logic.fail('forbidden', 'Registration is by invitation here; use the link you were sent.');
    end if;
    begin
        new_user := logic.insert_user(email_address, user_name, password);
    exception when others then
        if not logic.is_error(sqlstate, 'conflict') then
            raise;
        end if;
        perform logic.fail_invalid('email', 'must be an e-mail address that can be registered here');
    end;
    perform logic.add_invited_member(invite, new_user);
    return logic.actor_json(new_user);
end
$$;

-- The account behind an e-mail address for a sign-in, and whether it signed in from the client's network before; or null.
create function logic.find_login_account(email_address text, client_address text default null) returns jsonb language sql stable
begin atomic
    select jsonb_build_object('user', logic.actor_json(a.id), 'password_hash', u.password_hash, 'known_network', exists (
               select from sessions s where s.actor_id = a.id and logic.client_network(s.address) = logic.client_network(client_address)))
      from users u join actors a on a.id = u.actor_id
     where lower(u.email) = lower(email_address) and a.disabled_at is null;
end;

-- The person given by id or e-mail address; fails if there is none.
create function logic.find_person(person text) returns actors language plpgsql stable as $$
declare
    found_person actors;
begin
    select a.* into found_person from actors a left join users u on u.actor_id = a.id
     where a.kind = 'user' and (a.id = person or lower(u.email) = lower(person)) order by a.id = person desc limit 1;
    if found_person.id is null then
        perform logic.fail('not_found', format('There is no account %s.', person));
    end if;
    return found_person;
end
$$;

-- Every person with an account. For operators.
create function logic.list_users() returns jsonb language sql stable
begin atomic
    select coalesce(jsonb_agg(logic.actor_json(a.id) || jsonb_build_object(
               'created_at', a.created_at, 'disabled_at', a.disabled_at,
               'last_seen_at', (select max(s.last_used_at) from sessions s where s.actor_id = a.id)) order by a.created_at, a.id), '[]')
      from actors a where a.kind = 'user';
end;

-- The hash of the caller's password, for comparison before a change. Only a signed-in person has one.
create function logic.get_password_hash(caller text) returns jsonb language plpgsql stable as $$
declare
    who logic.principal := logic.identify_caller(caller);
    stored text;
begin
    select u.password_hash into stored from users u where u.actor_id = who.actor_id;
    if stored is null or logic.credential_field(caller, 'key') is not null then
        perform logic.fail('forbidden', 'Only a signed-in person can change a password.');
    end if;
    return to_jsonb(stored);
end
$$;

-- Changes the caller's password, unless it changed since it was compared, and ends all other sessions. Keys stay, because
-- programs use them, unless `with_keys` is true.
create function logic.change_password(caller text, compared text, new_password text, with_keys boolean default false) returns jsonb language plpgsql as $$
declare
    who logic.principal := logic.identify_caller(caller);
    keys int := 0;
begin
    update users set password_hash = new_password, password_changed_at = now()
     where actor_id = who.actor_id and password_hash = compared;
    if not found then
        perform logic.fail('conflict', 'The password was changed by someone else at the same moment; sign in again.');
    end if;
    if with_keys then
        keys := logic.revoke_keys_of_person(who.actor_id);
    end if;
    return logic.end_own_sessions(who, logic.credential_field(caller, 'session')) || jsonb_build_object('keys_revoked', keys);
end
$$;

-- Revokes the keys of a person and those that the person made for others.
create function logic.revoke_keys_of_person(person text) returns int language sql
begin atomic
    select logic.revoke_keys(array(select k.id from api_keys k where k.revoked_at is null and person in (k.actor_id, k.created_by)));
end;

-- Sets a person's password, ends all their sessions and, if asked to, revokes the keys that they hold or made; returns how many.
create function logic.replace_password(person text, new_password text, with_keys boolean) returns int language plpgsql as $$
begin
    update users u set password_hash = new_password, password_changed_at = now() where u.actor_id = person;
    perform logic.end_sessions(array(select s.id from sessions s where s.actor_id = person and s.revoked_at is null), 'password reset');
    return case when with_keys then logic.revoke_keys_of_person(person) else 0 end;
end
$$;

-- Sets a person's password, ends all their sessions and, because the keys may be those of an intruder, revokes
-- the keys that they hold or made; `keep_keys` keeps those. For operators.
create function logic.reset_password(email_address text, new_password text, keep_keys boolean default false) returns jsonb language plpgsql as $$
declare
    person text := (select u.actor_id from users u where lower(u.email) = lower(email_address));
    keys int := 0;
begin
    if person is null then
        perform logic.fail('not_found', format('There is no account %s.', email_address));
    end if;
    keys := logic.replace_password(person, new_password, not keep_keys);
    return jsonb_build_object('user', logic.actor_json(person), 'keys_revoked', keys);
end
$$;
