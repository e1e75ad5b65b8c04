-- What the live room reads: rooms, what a client missed, boards with their place in the stream, and
-- who has lost access since a socket was opened.
--
-- Functions marked `stable` read everything under the snapshot of the statement that calls them, so
-- that events, `last_seq` and board belong together.

-- The stream behind a room's name, its workflow and, for a ticket's room, the ticket. Refuses what the
-- caller may not read exactly as it refuses what does not exist.
create function logic.open_room(caller text, room text, out stream_id text, out workflow_id text, out ticket_id text) language plpgsql as $$
declare
    kind text := split_part(room, ':', 1);
    subject text := 'room ' || room;
begin
    if kind = 'search' then
        select (f.kept).workflow_id into open_room.workflow_id from logic.find_search(caller, substr(room, 8), subject) f;
        open_room.stream_id := room;
        return;
    end if;
    if kind = 'job' then
        select j.workflow_id into open_room.workflow_id from jobs j where j.id = substr(room, 5) and j.deleted_at is null;
        perform logic.authorize(caller, open_room.workflow_id, 'viewer', subject);
        open_room.stream_id := room;
        return;
    end if;
    if kind = 'ticket' then
        select t.id, t.workflow_id into open_room.ticket_id, open_room.workflow_id
          from tickets t where t.id = substr(room, 8) and t.deleted_at is null;
    elsif kind = 'workflow' then
        open_room.workflow_id := substr(room, 10);
    end if;
    perform logic.authorize(caller, open_room.workflow_id, 'viewer', subject);
    open_room.stream_id := 'workflow:' || open_room.workflow_id;
end
$$;

-- What a client of a room missed since a cursor: at most `max_events` events in order, each with the
-- number before it in that room. `resync` says why the cursor cannot be continued from: the database
-- lives another life, the rows were pruned, or the number was never given out.
create function logic.events_since(caller text, room text, since bigint, since_epoch text, max_events bigint)
returns jsonb language plpgsql stable as $$
declare
    place record;
    stream streams;
    epoch constant text := logic.epoch();
    cursor_fault text;
    events jsonb;
    more boolean;
begin
    select * into place from logic.open_room(caller, room);
    select * into stream from streams s where s.stream_id = place.stream_id;
    if stream.stream_id is null then
        -- A search that has not told anything yet.
        stream := (place.stream_id, place.workflow_id, 0, 0);
    end if;
    cursor_fault := case
        when since_epoch <> epoch then 'epoch'
        when since > stream.last_seq then 'ahead'
        when since < stream.pruned_seq then 'pruned' end;
    with
    -- The next rows of the stream, or of the ticket in it, and how much comes before each.
    page as materialized (
        select h.*, sum(octet_length(coalesce(h.old_value, '') || coalesce(h.new_value, '')) + octet_length(h.data::text))
                   over (order by h.seq) as volume
          from (select h.*, logic.event_data(h.change_type, h.new_value, h.metadata) as data
                  from ((select h.* from history h
                  where cursor_fault is null and place.ticket_id is null
                    and h.stream_id = stream.stream_id and h.seq > since
                  order by h.seq limit max_events)
                union all
                (select h.* from history h
                  where cursor_fault is null and h.ticket_id = place.ticket_id and h.stream_id = stream.stream_id and h.seq > since
                  order by h.seq limit max_events)) h) h
    ),
    -- Large ones come in smaller pages: whoever reads them holds a page in memory.
    kept as (
        select p.*, row_number() over (order by p.seq) as row_in_page, lag(p.seq) over (order by p.seq) as before from page p
    )
    select coalesce(jsonb_agg(
               (to_jsonb(k) - '{row_in_page,before,volume,data}'::text[]) || jsonb_build_object('metadata', k.data, 'prev', case
                   when place.ticket_id is null then k.seq - 1
                   else coalesce(k.before, (select p.seq from history p where p.ticket_id = place.ticket_id and p.stream_id = stream.stream_id and p.seq <= since
                                             order by p.seq desc limit 1), 0) end)
               order by k.seq), '[]'),
           count(*) = max_events or count(*) < (select count(*) from page)
      into events, more
      from kept k where k.row_in_page = 1 or k.volume < 4000000;
    return jsonb_build_object(
        'epoch', epoch, 'stream_id', place.stream_id, 'workflow_id', place.workflow_id, 'ticket_id', place.ticket_id,
        'last_seq', stream.last_seq, 'pruned_seq', stream.pruned_seq, 'resync', cursor_fault, 'events', events, 'has_more', more);
end
$$;

-- A workflow's open jobs in short, the newest 500.
create function logic.board_jobs(workflow text) returns jsonb language sql stable
begin atomic
    select coalesce(jsonb_agg(logic.job_summary(o.job) order by (o.job).created_at desc, (o.job).id desc), '[]')
      from (select j as job from jobs j
             where j.workflow_id = board_jobs.workflow and j.deleted_at is null
               and j.status in ('collecting', 'queued', 'running', 'paused', 'waiting')
             order by j.created_at desc, j.id desc limit 500) o;
end;

-- A job with its place in its stream, for a socket that opens the job's room.
create function logic.job_snapshot(caller text, room text, out epoch text, out seq bigint, out body text) language plpgsql stable as $$
declare
    place record;
begin
    select * into place from logic.open_room(caller, room);
    epoch := logic.epoch();
    select s.last_seq into seq from streams s where s.stream_id = place.stream_id;
    select logic.job_json(j)::text into body from jobs j where j.id = substr(room, 5);
end
$$;

-- A workflow's board with its place in the stream, as JSON text that doors pass on unread.
create function logic.board(caller text, workflow text, out epoch text, out seq bigint, out body text) language plpgsql stable as $$
declare
    who constant logic.principal := logic.authorize(caller, workflow, 'viewer');
begin
    epoch := logic.epoch();
    select s.last_seq into seq from streams s where s.stream_id = 'workflow:' || workflow;
    body := concat('{"epoch":', to_json(epoch), ',"seq":', seq,
        ',"workflow":', logic.workflow_json(workflow, (who).role),
        ',"board_config":', logic.board_config(workflow),
        ',"tickets":', logic.board_tickets(workflow),
        ',"jobs":', logic.board_jobs(workflow), '}');
end
$$;

-- One ticket with its place in the stream, for a socket that opens the ticket's room.
create function logic.ticket_snapshot(caller text, room text, out epoch text, out seq bigint, out body text) language plpgsql stable as $$
declare
    place record;
begin
    select * into place from logic.open_room(caller, room);
    epoch := logic.epoch();
    select s.last_seq into seq from streams s where s.stream_id = 'workflow:' || place.workflow_id;
    select to_jsonb(c) || jsonb_build_object('description', t.description) into body
      from logic.cards c join tickets t on t.id = c.ticket_id where c.ticket_id = place.ticket_id;
end
$$;

-- A saved search with its place in its stream, for a socket that opens the search's room.
create function logic.search_snapshot(caller text, room text, out epoch text, out seq bigint, out body text) language plpgsql stable as $$
begin
    select f.shown ->> 'epoch', (f.shown ->> 'last_seq')::bigint, f.shown::text into epoch, seq, body
      from (select logic.search_json(s.kept) as shown from logic.find_search(caller, substr(room, 8), 'room ' || room) s) f;
end
$$;

-- Of open sockets' callers, those whose credential no longer holds (`stream_id` is null) and the streams
-- each of the others may no longer read. `callers` is a list of {actor, session, key, streams: […]};
-- `place` counts from 1. The same rules as logic.identify, logic.authorize and logic.find_search, over many
-- callers at once.
create function logic.lost_access(callers jsonb) returns table (place bigint, stream_id text) language sql stable
begin atomic
    with
    asked as materialized (
        select e.place, e.item ->> 'actor' as actor, e.item ->> 'session' as session, e.item ->> 'key' as key,
               e.item -> 'streams' as streams
          from jsonb_array_elements(callers) with ordinality e (item, place)
    ),
    -- Those whose actor, session and key still hold, with what that gives.
    holding as materialized (
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
    select q.place, null::text from asked q where q.place not in (select h.place from holding h)
    union all
    select h.place, w.stream_id
      from holding h
      -- Each stream with its workflow; none where what it is about does not exist or is not the actor's to see.
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
