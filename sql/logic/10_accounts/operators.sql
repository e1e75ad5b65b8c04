-- The actor of commands that an operator runs. Operators have database access, so no rights are checked, but changes need
-- an author.

-- The actor that a command acts as: the one given by id or e-mail address. Defaults to the oldest administrator, or, on
-- an installation without one, to a service actor named callboard that has no key.
create function logic.resolve_operator(who text default null) returns text language plpgsql as $$
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
        perform logic.fail('not_found', format('There is no actor %s.', who));
    end if;
    return found_id;
end
$$;
