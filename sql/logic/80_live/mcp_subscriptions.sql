-- Resources that MCP sessions watch. A session id is signed and carries no rights; these rows let another server, or
-- this one after a restart, go on notifying the session's client. Whether the caller may read a resource is checked
-- when its room is entered.

-- Remembers a subscription. Of one actor only the 2,000 most recently used are kept.
create function logic.add_mcp_subscription(caller text, session text, resource text) returns jsonb language plpgsql as $$
declare
    who constant logic.principal := logic.identify_caller(caller);
begin
    insert into mcp_subscriptions (session_id, uri, actor_id, used_at)
    values (session, resource, who.actor_id, clock_timestamp())
    on conflict (session_id, uri) do update set used_at = excluded.used_at
     where mcp_subscriptions.actor_id = excluded.actor_id;
    delete from mcp_subscriptions s
     where (s.session_id, s.uri) in (select o.session_id, o.uri from mcp_subscriptions o where o.actor_id = who.actor_id
                                      order by o.used_at desc, o.session_id, o.uri offset 2000);
    return '{"success": true}';
end
$$;

-- Forgets one subscription of a session, or, for null, all of them.
create function logic.remove_mcp_subscriptions(caller text, session text, resource text default null) returns jsonb language plpgsql as $$
declare
    who constant logic.principal := logic.identify_caller(caller);
begin
    delete from mcp_subscriptions s
     where s.session_id = session and s.actor_id = who.actor_id
       and (resource is null or s.uri = resource);
    return '{"success": true}';
end
$$;

-- The resources that a session watches, for a server that takes it up again. Counts as use.
create function logic.list_mcp_subscriptions(caller text, session text) returns jsonb language plpgsql as $$
declare
    who constant logic.principal := logic.identify_caller(caller);
    uris jsonb;
begin
    with
    -- Its rows, marked as used.
    used as (
        update mcp_subscriptions s set used_at = clock_timestamp()
         where s.session_id = session and s.actor_id = who.actor_id
        returning s.uri
    )
    select coalesce(jsonb_agg(u.uri order by u.uri), '[]') into uris from used u;
    return uris;
end
$$;
