-- Workflows given by id or name.

-- A workflow by id, or by name among those that the caller can see; null if there is none. An administrator can see all: its own come
-- first, so that nobody makes a name ambiguous by taking it too. Authorizes nothing else.
create function logic.resolve_workflow_id(caller text, named text) returns text language plpgsql as $$
declare
    who logic.principal := logic.identify_caller(caller);
    ids text[];
begin
    select array_agg(n.id order by n.id) into ids
      from (select w.id, rank() over (order by w.id = named desc, lower(w.name) = lower(trim(named)) desc, m.actor_id is not null desc) as place
              from workflows w
              left join workflow_members m on m.workflow_id = w.id and m.actor_id = who.actor_id
             where w.id = named
                or (logic.plain_name(w.name) = logic.plain_name(named) and w.archived_at is null
                    and (who.is_admin or m.actor_id is not null))) n
     where n.place = 1;
    if cardinality(ids) > 1 then
        perform logic.fail('conflict', format('There are %s workflows named %s; give the id of one: %s.', cardinality(ids), named, array_to_string(ids, ', ')));
    end if;
    return ids[1];
end
$$;

-- The ids of workflows given by id or name; rejects the first unknown one.
create function logic.resolve_workflow_ids(caller text, names text[]) returns jsonb language plpgsql as $$
declare
    named text;
    id text;
    ids jsonb := '[]';
begin
    foreach named in array coalesce(names, '{}') loop
        id := logic.resolve_workflow_id(caller, named);
        if id is null then
            perform logic.fail('not_found', format('There is no workflow %s.', named));
        end if;
        ids := ids || to_jsonb(id);
    end loop;
    return ids;
end
$$;
