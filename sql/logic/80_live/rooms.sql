-- What the live room reads: rooms, what a client missed, boards with their place in the stream, and
-- who has lost access since a socket was opened.
--
-- Functions marked `stable` read everything under the snapshot of the statement that calls them, so
-- that events, `last_seq` and board belong together.

-- The stream behind a room's name, its workflow and, for a ticket's room, the ticket. Refuses what the
-- caller may not read exactly as it refuses what does not exist.
create function logic.authorize_room(caller text, room text, out stream_id text, out workflow_id text, out ticket_id text) language plpgsql as $$
declare
    kind text := split_part(room, ':', 1);
    subject text := 'room ' || room;
begin
    if kind = 'search' then
        authorize_room.workflow_id := ((logic.authorize_search(caller, substr(room, 8), subject)).search).workflow_id;
        authorize_room.stream_id := room;
        return;
    end if;
    if kind = 'job' then
        select j.workflow_id into authorize_room.workflow_id from jobs j where j.id = substr(room, 5) and j.deleted_at is null;
        perform logic.authorize(caller, authorize_room.workflow_id, 'viewer', subject);
        authorize_room.stream_id := room;
        return;
    end if;
    if kind = 'ticket' then
        select t.id, t.workflow_id into authorize_room.ticket_id, authorize_room.workflow_id
          from tickets t where t.id = substr(room, 8) and t.deleted_at is null;
    elsif kind = 'workflow' then
        authorize_room.workflow_id := substr(room, 10);
    end if;
    perform logic.authorize(caller, authorize_room.workflow_id, 'viewer', subject);
    authorize_room.stream_id := 'workflow:' || authorize_room.workflow_id;
end
$$;

-- The name of the room that a caller means: a ticket may be named by its key, and no name at all means the
-- workflow the caller works in by default, which is made if need be.
create function logic.resolve_room(caller text, room text) returns text language plpgsql as $$
begin
    if room is null then
        return 'workflow:' || coalesce(logic.find_default_workflow(caller), logic.ensure_default_workflow(caller));
    elsif room like 'ticket:%' then
        return 'ticket:' || (logic.authorize_ticket_by_key(caller, substr(room, 8), 'viewer')).ticket_id;
    end if;
    return room;
end
$$;

-- What a client of a room missed since a cursor: at most `max_events` events in order, each with the
-- number before it in that room. `resync` says why the cursor cannot be continued from: the database
-- lives another life, the rows were pruned, or the number was never given out.
create function logic.list_events_since(caller text, room text, since bigint, since_epoch text, max_events bigint)
returns jsonb language plpgsql stable as $$
declare
    place record;
    stream streams;
    epoch constant text := logic.epoch();
    cursor_fault text;
    events jsonb;
    more boolean;
begin
    select * into place from logic.authorize_room(caller, room);
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
