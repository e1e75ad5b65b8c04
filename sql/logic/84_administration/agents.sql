-- People, the agents and services that belong to them, and the keys of each: who acts here, by whose leave, with which key.

-- The newest 50 keys of an actor that are not revoked, with who made them and with which key.
create function logic.keys_with_lineage(actor text) returns jsonb language sql stable
begin atomic
    select coalesce(jsonb_agg(logic.api_key_json(k.id) || jsonb_build_object(
               'created_by_name', (select m.name from actors m where m.id = k.created_by),
               'created_by_key_name', (select m.name from api_keys m where m.id = k.created_by_key)) order by k.created_at desc, k.id desc), '[]')
      from (select * from api_keys o where o.actor_id = keys_with_lineage.actor and o.revoked_at is null
             order by o.created_at desc, o.id desc limit 50) k;
end;

-- An actor with its keys, its owner, and how much belongs to it.
create function logic.actor_with_keys_json(actor text) returns jsonb language sql stable
begin atomic
    select logic.actor_json(a.id) || jsonb_build_object(
        'owner_name', (select o.name from actors o where o.id = a.owner_id),
        'agents', (select count(*) from actors o where o.owner_id = a.id),
        'workflows', (select count(*) from workflow_members m where m.actor_id = a.id),
        'key_count', (select count(*) from api_keys k where k.actor_id = a.id and k.revoked_at is null),
        'last_used_at', (select max(k.last_used_at) from api_keys k where k.actor_id = a.id),
        'keys', logic.keys_with_lineage(a.id))
      from actors a where a.id = actor_with_keys_json.actor;
end;

-- Whether an actor, or a key of it, is found by words, which are in lower case.
create function logic.is_actor_named(actor actors, words text) returns boolean language sql stable
begin atomic
    select position(words in lower(actor.name)) > 0 or position(words in lower(actor.id)) > 0
        or exists (select from users u where u.actor_id = actor.id and position(words in lower(u.email)) > 0)
        or exists (select from api_keys k where k.actor_id = actor.id and k.revoked_at is null and position(words in lower(k.name)) > 0);
end;

-- GET /api/server/agents: one level of the tree, in keyset pages by kind and name. Without an owner: people, and agents and
-- services that belong to nobody, except those that are only names. With words: everything that they find, on any level.
create function logic.list_actors_with_keys(
    caller text, owner text default null, words text default null, max_rows int default 50, cursor text default null
) returns jsonb language plpgsql stable as $$
declare
    who logic.principal := logic.identify_caller(caller);
    wanted constant text := lower(nullif(btrim(words), ''));
    about constant jsonb := jsonb_build_array(owner, wanted);
    -- [whether it is no person, name, id]
    last_seen jsonb;
    page jsonb;
    ends actors;
begin
    perform logic.require_admin(who);
    last_seen := logic.read_cursor(cursor, 'actors_with_keys', about);
    -- One row more than requested, to learn whether there are more.
    select coalesce(jsonb_agg(logic.actor_with_keys_json(seen.id) order by seen.kind <> 'user', lower(seen.name), seen.id), '[]') into page
      from (select a.* from actors a
             where (list_actors_with_keys.owner is null or a.owner_id = list_actors_with_keys.owner)
               and (wanted is null or logic.is_actor_named(a, wanted))
               and (list_actors_with_keys.owner is not null or wanted is not null or a.owner_id is null and (a.kind = 'user' or not logic.is_name_only(a.id)))
               and (last_seen is null
                    or (a.kind <> 'user', lower(a.name), a.id) > ((last_seen ->> 0)::boolean, last_seen ->> 1, (last_seen ->> 2) collate "C"))
             order by a.kind <> 'user', lower(a.name), a.id limit max_rows + 1) seen;
    select a.* into ends from actors a where a.id = page -> (max_rows - 1) ->> 'id';
    return jsonb_build_object('actors', page - max_rows) || logic.page_end(jsonb_array_length(page), max_rows, 'actors_with_keys', about,
        jsonb_build_array(ends.kind <> 'user', lower(ends.name), ends.id));
end
$$;
