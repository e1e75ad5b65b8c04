-- Recent searches.

-- The recent searches of a caller in a workflow, the newest first.
create function logic.recent_searches_json(who logic.principal, workflow text) returns jsonb language sql stable
begin atomic
    select jsonb_build_object('searches', coalesce(jsonb_agg(jsonb_build_object('query', r.query, 'search_type', r.search_type,
               'filters', r.filters, 'searched_at', r.searched_at) order by r.searched_at desc), '[]'))
      from recent_searches r where r.workflow_id = recent_searches_json.workflow and r.actor_id = (who).actor_id;
end;

-- GET /api/searches/recent
create function logic.list_recent_searches(caller text, workflow text) returns jsonb language plpgsql as $$
begin
    return logic.recent_searches_json(logic.authorize(caller, workflow, 'viewer'), workflow);
end
$$;

-- POST /api/searches/recent: records a search; the 20 newest are kept.
create function logic.record_recent_search(caller text, workflow text, query text, search_type text default null, filters jsonb default null)
returns jsonb language plpgsql as $$
declare
    who logic.principal := logic.authorize(caller, workflow, 'viewer');
    words text := coalesce(logic.trim_whitespace(record_recent_search.query), '');
    kind text := coalesce(record_recent_search.search_type, 'hybrid');
    which jsonb := coalesce(record_recent_search.filters, '{}');
begin
    if char_length(words) > 1000 then
        perform logic.fail_invalid('query', 'must have at most 1000 characters');
    end if;
    if words = '' and which = '{}' then
        perform logic.fail_invalid('query', 'must not be empty where there are no filters');
    end if;
    perform logic.lock_saved_searches(workflow, who.actor_id);
    insert into recent_searches as r (workflow_id, actor_id, fingerprint, query, search_type, filters)
    values (workflow, who.actor_id, sha256(convert_to(jsonb_build_array(lower(words), kind, which)::text, 'UTF8')), words, kind, which)
    on conflict (workflow_id, actor_id, fingerprint) do update set query = excluded.query, searched_at = clock_timestamp();
    delete from recent_searches r
     where r.workflow_id = record_recent_search.workflow and r.actor_id = who.actor_id
       and r.fingerprint in (select o.fingerprint from recent_searches o
                              where o.workflow_id = record_recent_search.workflow and o.actor_id = who.actor_id
                              order by o.searched_at desc offset 20);
    return logic.recent_searches_json(who, workflow);
end
$$;

-- DELETE /api/searches/recent
create function logic.clear_recent_searches(caller text, workflow text) returns jsonb language plpgsql as $$
declare
    who logic.principal := logic.authorize(caller, workflow, 'viewer');
begin
    delete from recent_searches r where r.workflow_id = clear_recent_searches.workflow and r.actor_id = who.actor_id;
    return logic.recent_searches_json(who, workflow);
end
$$;
