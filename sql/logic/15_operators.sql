-- What the command line needs. Whoever runs it holds the database, so these ask for no rights; changes
-- still need an author.

-- The actor that a command acts as: the one named by id or e-mail address; unnamed, the oldest
-- administrator; on an installation without one, a service actor named callboard, which has no key.
create function logic.operator(who text default null) returns text language plpgsql as $$
declare
    found_id text;
begin
    if who is null then
        select a.id into found_id from actors a
         where a.is_admin and a.kind = 'user' and a.disabled_at is null order by a.created_at, a.id limit 1;
        if found_id is null then
            insert into actors (id, kind, name, is_admin) values ('callboard', 'service', 'Callboard', true) on conflict (id) do nothing;
            found_id := 'callboard';
        end if;
        return found_id;
    end if;
    select a.id into found_id from actors a left join users u on u.actor_id = a.id
     where (a.id = who or lower(u.email) = lower(who)) and a.disabled_at is null
     order by a.id = who desc limit 1;
    if found_id is null then
        perform logic.fail('CB404', format('There is no actor %s.', who));
    end if;
    return found_id;
end
$$;

-- A workflow by id, or by name among those the caller can see; null if there is none.
create function logic.find_workflow(caller text, named text) returns text language plpgsql as $$
declare
    who logic.principal := logic.identify(caller);
    ids text[];
begin
    select array_agg(w.id order by w.id) into ids
      from workflows w
     where w.id = named
        or (lower(w.name) = lower(trim(named)) and w.archived_at is null
            and (who.is_admin or exists (select from workflow_members m where m.workflow_id = w.id and m.actor_id = who.actor_id)));
    if cardinality(ids) > 1 then
        perform logic.fail('CB409', format('There are %s workflows named %s; give the id of one: %s.', cardinality(ids), named, array_to_string(ids, ', ')));
    end if;
    return ids[1];
end
$$;

-- The ids of workflows given by id or name; refuses the first that is not there.
create function logic.find_workflows(caller text, names text[]) returns jsonb language plpgsql as $$
declare
    named text;
    ids jsonb := '[]';
begin
    foreach named in array coalesce(names, '{}') loop
        if logic.find_workflow(caller, named) is null then
            perform logic.fail('CB404', format('There is no workflow %s.', named));
        end if;
        ids := ids || to_jsonb(logic.find_workflow(caller, named));
    end loop;
    return ids;
end
$$;

-- Every person with an account.
create function logic.list_users() returns jsonb language sql stable
begin atomic
    select coalesce(jsonb_agg(logic.actor_json(a.id) || jsonb_build_object(
               'created_at', a.created_at, 'disabled_at', a.disabled_at,
               'last_seen_at', (select max(s.last_used_at) from sessions s where s.actor_id = a.id)) order by a.created_at, a.id), '[]')
      from actors a where a.kind = 'user';
end;

-- Sets a person's password and ends all their sessions.
create function logic.reset_password(email_address text, new_password text) returns jsonb language plpgsql as $$
declare
    person text := (select u.actor_id from users u where lower(u.email) = lower(email_address));
begin
    if person is null then
        perform logic.fail('CB404', format('There is no account %s.', email_address));
    end if;
    update users set password_hash = new_password, password_changed_at = now() where actor_id = person;
    perform logic.end_sessions(array(select s.id from sessions s where s.actor_id = person and s.revoked_at is null), 'password reset');
    return logic.actor_json(person);
end
$$;

-- Every key that is not revoked, or those of one actor; oldest first.
create function logic.list_all_keys(actor text default null) returns jsonb language sql stable
begin atomic
    select coalesce(jsonb_agg(logic.key_json(k.id) order by k.created_at, k.id), '[]')
      from api_keys k
     where k.revoked_at is null and (list_all_keys.actor is null or k.actor_id = list_all_keys.actor);
end;
