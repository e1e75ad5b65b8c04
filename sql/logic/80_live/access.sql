-- Access that ended after a socket was opened.

-- Of the callers of open sockets, those whose credential no longer holds (`stream_id` is null) and the streams that each
-- of the others may no longer read. `callers` is a list of {actor, session, key, streams: […]}; `place` counts
-- from 1. The same rules as logic.identify_caller, logic.authorize and logic.authorize_search, in one query.
create function logic.list_lost_access(callers jsonb) returns table (place bigint, stream_id text) language sql stable
begin atomic
    with
    -- The callers as rows.
    asked as materialized (
        select e.place, e.item ->> 'actor' as actor, e.item ->> 'session' as session, e.item ->> 'key' as key,
               e.item -> 'streams' as streams
          from jsonb_array_elements(callers) with ordinality e (item, place)
    ),
    -- Those whose actor, session and key still hold, with their rights.
    valid as materialized (
        select q.place, q.actor, q.streams,
               a.is_admin and (k.id is null or '*' = any (k.scopes)) as is_admin,
               k.id is null or k.scopes && '{read,*}' as may_read
          from asked q
          join actors a on a.id = q.actor and a.disabled_at is null
          left join api_keys k on k.id = q.key and k.actor_id = a.id
               and k.revoked_at is null and (k.expires_at is null or k.expires_at > now())
          left join sessions s on s.id = q.session and s.actor_id = a.id
               and s.revoked_at is null and s.expires_at > now()
         where (q.key is null or k.id is not null) and (q.session is null or s.id is not null)
    )
    select q.place, null::text from asked q where q.place not in (select h.place from valid h)
    union all
    select h.place, w.stream_id
      from valid h
      -- Each stream with its workflow; null if its subject does not exist or the actor may not see it.
      cross join lateral (
            select u.id as stream_id, case
                   when u.id like 'search:%' then (select s.workflow_id from saved_searches s
                        where s.id = substr(u.id, 8) and (s.shared or s.owner_id = h.actor))
                   when u.id like 'job:%' then (select j.workflow_id from jobs j where j.id = substr(u.id, 5) and j.deleted_at is null)
                   else (select x.id from workflows x where x.id = substr(u.id, 10)) end as workflow_id
              from jsonb_array_elements_text(h.streams) u (id)) w
     where not h.may_read
        or w.workflow_id is null
        or not (h.is_admin or exists (select from workflow_members m where m.workflow_id = w.workflow_id and m.actor_id = h.actor));
end;
