-- Subscriptions: a saved search that tells its owner of each ticket that starts to match.

-- Begins to watch, or begins anew because what it looks for has changed. Its stream is there from the
-- first time on.
create function logic.watch_search(search text) returns void language plpgsql as $$
begin
    insert into streams (stream_id, workflow_id) select 'search:' || s.id, s.workflow_id from saved_searches s where s.id = search
    on conflict do nothing;
    update saved_searches s set notify = true, watched_at = clock_timestamp() where s.id = search;
end
$$;
