-- Who may create an account. Two settings count, and the stricter one holds: the server's CALLBOARD_REGISTRATION (`configured`),
-- and what an administrator chose since. So nobody opens a server further than the one who runs it allows.

-- The place of a policy among open, invite, off; null for other words.
create function logic.registration_strictness(policy text) returns int language sql immutable
begin atomic
    select array_position('{open,invite,off}'::text[], policy);
end;

-- Who may create an account now.
create function logic.get_registration(configured text) returns text language sql stable
begin atomic
    select case when logic.registration_strictness(s.chosen) > logic.registration_strictness(configured) then s.chosen else configured end
      from (select (select s.value #>> '{}' from settings s where s.key = 'registration') as chosen) s;
end;

-- The policy as administrators see it.
create function logic.registration_json(configured text) returns jsonb language sql stable
begin atomic
    select jsonb_build_object('registration', logic.get_registration(configured), 'configured', configured);
end;

-- GET /api/auth/options: how people sign up.
create function logic.get_sign_up_options(configured text) returns jsonb language plpgsql stable as $$
begin
    return jsonb_build_object('registration', logic.get_registration(configured), 'setup_required', not logic.admin_exists());
end
$$;

-- PATCH /api/server/registration. Takes effect at once, on every server of the database.
create function logic.set_registration(caller text, policy text, configured text) returns jsonb language plpgsql as $$
declare
    who logic.principal := logic.identify_caller(caller);
begin
    perform logic.require_admin(who);
    if logic.registration_strictness(policy) is null then
        perform logic.fail_invalid('registration', 'must be open, invite or off');
    end if;
    if logic.registration_strictness(policy) < logic.registration_strictness(configured) then
        perform logic.fail_invalid('registration', format('must not be wider than %s, which CALLBOARD_REGISTRATION allows; '
            'change that setting and restart the server first', configured));
    end if;
    if policy is distinct from logic.get_registration(configured) then
        insert into settings as s (key, value) values ('registration', to_jsonb(policy))
        on conflict (key) do update set value = excluded.value;
    end if;
    return logic.registration_json(configured);
end
$$;
