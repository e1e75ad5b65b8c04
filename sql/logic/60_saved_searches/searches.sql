-- Saved searches. They belong to the authenticated actor, also when it acts for an agent: acting for an actor adds
-- no rights.

-- A saved search as answers show it, with the position of its stream.
create function logic.saved_search_json(search saved_searches) returns jsonb language sql stable
begin atomic
    select jsonb_build_object(
        'search_id', search.id, 'workflow_id', search.workflow_id, 'name', search.name, 'query', search.query,
        'search_type', search.search_type, 'filters', search.filters, 'include_comments', search.include_comments,
        'shared', search.shared, 'notify', search.notify, 'owner_id', search.owner_id,
        'owner_name', (select a.name from actors a where a.id = search.owner_id),
        'created_at', search.created_at, 'updated_at', search.updated_at, 'epoch', logic.epoch(),
        'last_seq', coalesce((select s.last_seq from streams s where s.stream_id = 'search:' || search.id), 0));
end;

-- The caller that was checked, and the saved search as it was read (or locked).
create type logic.saved_search_access as (who logic.principal, search saved_searches);

-- The search, if the caller may use it: its own, or one shared in a workflow it can read.
create function logic.authorize_search(caller text, search text, subject text default null) returns logic.saved_search_access
language plpgsql as $$
declare
    access logic.saved_search_access;
    kept saved_searches;
begin
    subject := coalesce(subject, 'search ' || search);
    select * into kept from saved_searches s where s.id = authorize_search.search;
    access.who := logic.authorize(caller, kept.workflow_id, 'viewer', subject);
    if kept.owner_id <> (access.who).actor_id and not kept.shared then
        perform logic.fail('not_found', format('There is no %s.', subject));
    end if;
    access.search := kept;
    return access;
end
$$;

-- The search, its row locked, if the caller may change it: its owner, or for a shared one an owner of the workflow.
create function logic.authorize_search_change(caller text, search text) returns logic.saved_search_access language plpgsql as $$
declare
    access logic.saved_search_access := logic.authorize_search(caller, search);
    who constant logic.principal := access.who;
    kept saved_searches := access.search;
begin
    perform logic.require_scope(who, 'write');
    if kept.owner_id <> who.actor_id and who.role <> 'owner' then
        perform logic.fail('forbidden', 'Only its owner or an owner of the workflow may change a shared search.');
    end if;
    perform logic.set_audit_actor(who);
    select s.* into kept from saved_searches s where s.id = authorize_search_change.search for no key update;
    if kept.id is null then
        perform logic.fail('not_found', format('There is no search %s.', authorize_search_change.search));
    end if;
    access.search := kept;
    return access;
end
$$;

-- Serializes changes of an actor's searches, so that names stay unique and their number limited.
create function logic.lock_saved_searches(workflow text, owner text) returns void language plpgsql as $$
begin
    perform pg_advisory_xact_lock(logic.lock_key('searches ' || workflow || ' ' || owner));
end
$$;

-- Rejects a search that breaks a rule, before it is stored.
create function logic.check_saved_search(search saved_searches, who logic.principal) returns void language plpgsql as $$
begin
    if char_length(coalesce(search.name, '')) not between 1 and 100 then
        perform logic.fail_invalid('name', 'must have 1 to 100 characters');
    end if;
    perform logic.check_visible('name', search.name);
    if char_length(search.query) > 1000 then
        perform logic.fail_invalid('query', 'must have at most 1000 characters');
    end if;
    perform logic.localize_filters(search.workflow_id, search.filters);
    if search.query = '' and search.filters = '{}' then
        perform logic.fail_invalid('query', 'must not be empty where there are no filters');
    end if;
    if search.shared and who.role = 'viewer' then
        perform logic.fail('forbidden', 'This needs the role member in the workflow; viewers keep searches for themselves.',
            jsonb_build_object('role', who.role, 'required', 'member'));
    end if;
    if exists (select from saved_searches s
                where s.workflow_id = search.workflow_id and s.owner_id = search.owner_id and s.id <> search.id
                  and lower(s.name) = lower(search.name)) then
        perform logic.fail('conflict', format('There is a search called %s already.', search.name));
    end if;
end
$$;

-- POST /api/searches
create function logic.save_search(
    caller text, workflow text, name text, query text, search_type text default null, filters jsonb default null,
    include_comments boolean default null, shared boolean default null, notify boolean default null
) returns jsonb language plpgsql as $$
declare
    who logic.principal := logic.authorize(caller, workflow, 'viewer');
    made saved_searches;
begin
    perform logic.require_scope(who, 'write');
    perform logic.set_audit_actor(who);
    perform logic.lock_saved_searches(workflow, who.actor_id);
    made.id := logic.new_id('search');
    made.workflow_id := workflow;
    made.owner_id := who.actor_id;
    made.name := logic.trim_whitespace(save_search.name);
    made.query := coalesce(logic.trim_whitespace(save_search.query), '');
    made.search_type := coalesce(save_search.search_type, 'hybrid');
    made.filters := coalesce(save_search.filters, '{}');
    made.include_comments := coalesce(save_search.include_comments, true);
    made.shared := coalesce(save_search.shared, false);
    made.notify := false;
    made.created_at := clock_timestamp();
    made.updated_at := made.created_at;
    perform logic.check_saved_search(made, who);
    if (select count(*) from saved_searches s where s.workflow_id = workflow and s.owner_id = who.actor_id) >= 100 then
        perform logic.fail('conflict', 'You keep 100 searches in this workflow, which is the most; delete one first.');
    end if;
    insert into saved_searches select made.*;
    if save_search.notify then
        perform logic.start_search_notifications(made.id);
    end if;
    return (select logic.saved_search_json(s) from saved_searches s where s.id = made.id);
end
$$;

-- GET /api/searches: the caller's own and those shared in the workflow, by name.
create function logic.list_searches(caller text, workflow text) returns jsonb language plpgsql as $$
declare
    who logic.principal := logic.authorize(caller, workflow, 'viewer');
begin
    return jsonb_build_object('searches', coalesce((
        select jsonb_agg(logic.saved_search_json(s) order by lower(s.name), s.id)
          from saved_searches s
         where s.workflow_id = list_searches.workflow and (s.owner_id = who.actor_id or s.shared)), '[]'));
end
$$;

-- GET /api/searches/{id}
create function logic.get_search(caller text, search text) returns jsonb language plpgsql as $$
begin
    return logic.saved_search_json((logic.authorize_search(caller, search)).search);
end
$$;

-- PATCH /api/searches/{id}: sets the fields that `changes` names. If the query or filters change, notifications start
-- over: tickets that match at that moment are recorded without events.
create function logic.update_search(caller text, search text, changes jsonb) returns jsonb language plpgsql as $$
declare
    access constant logic.saved_search_access := logic.authorize_search_change(caller, search);
    row constant saved_searches := access.search;
    wanted saved_searches := access.search;
begin
    perform logic.lock_saved_searches(row.workflow_id, row.owner_id);
    wanted.name := logic.trim_whitespace(coalesce(changes ->> 'name', row.name));
    wanted.query := coalesce(logic.trim_whitespace(changes ->> 'query'), row.query);
    wanted.search_type := coalesce(changes ->> 'search_type', row.search_type);
    wanted.filters := coalesce(changes -> 'filters', row.filters);
    wanted.include_comments := coalesce((changes ->> 'include_comments')::boolean, row.include_comments);
    wanted.shared := coalesce((changes ->> 'shared')::boolean, row.shared);
    wanted.notify := coalesce((changes ->> 'notify')::boolean, row.notify);
    perform logic.check_saved_search(wanted, access.who);
    if wanted is distinct from row then
        update saved_searches s set
            name = wanted.name, query = wanted.query, search_type = wanted.search_type, filters = wanted.filters,
            include_comments = wanted.include_comments, shared = wanted.shared, notify = wanted.notify,
            updated_at = clock_timestamp()
         where s.id = search;
        if wanted.notify and (not row.notify or (wanted.query, wanted.search_type, wanted.filters, wanted.include_comments)
                is distinct from (row.query, row.search_type, row.filters, row.include_comments)) then
            perform logic.start_search_notifications(search);
        elsif row.notify and not wanted.notify then
            perform logic.lock_search_matching(row.workflow_id);
            delete from search_matches m where m.search_id = search;
        end if;
    end if;
    return (select logic.saved_search_json(s) from saved_searches s where s.id = search);
end
$$;

-- DELETE /api/searches/{id}. Events in its stream stay in history.
create function logic.delete_search(caller text, search text) returns jsonb language plpgsql as $$
declare
    access constant logic.saved_search_access := logic.authorize_search_change(caller, search);
begin
    perform logic.lock_search_matching((access.search).workflow_id);
    delete from saved_searches s where s.id = search;
    return jsonb_build_object('success', true, 'search_id', search, 'message', 'Deleted the search.');
end
$$;
