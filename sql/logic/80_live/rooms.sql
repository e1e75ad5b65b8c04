-- Rooms of sockets, and the events a client missed.
--
-- Functions marked `stable` read everything under the snapshot of the calling statement, so that events, `last_seq`
-- and the board are consistent.

-- The stream behind a room's name, its workflow and, for a ticket's room, the ticket. A room that the caller may not read
-- fails exactly like one that does not exist.
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

-- The full name of a room: a ticket may be given by its key. Defaults to the room of the default workflow, which is
-- created if needed.
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

-- The ids of the caller's workflows, for sockets that watch all of them.
create function logic.list_own_workflows(caller text) returns jsonb language plpgsql as $$
declare
    who constant logic.principal := logic.identify_caller(caller);
begin
    perform logic.require_scope(who, 'read');
    return coalesce((
        select jsonb_agg(m.workflow_id order by m.workflow_id)
          from (select m.workflow_id
                  from workflow_members m
                  join workflows w on w.id = m.workflow_id and w.archived_at is null
                 where m.actor_id = who.actor_id
                 order by w.created_at desc limit 200) m), '[]');
end
$$;

-- Why a cursor cannot be continued: it is of another epoch, ahead of the stream, or before its pruned part; else
-- null.
create function logic.cursor_fault(stream streams, since bigint, since_epoch text) returns text language sql stable
begin atomic
    select case
        when since_epoch <> logic.epoch() then 'epoch'
        when since > (stream).last_seq then 'ahead'
        when since < (stream).pruned_seq then 'pruned' end;
end;

-- The events of a room after a cursor: at most `max_events` in order, each with the number of the previous event
-- in that room. `resync` gives the reason if the cursor cannot be continued.
create function logic.list_events_since(caller text, room text, since bigint, since_epoch text, max_events bigint)
returns jsonb language plpgsql stable as $$
declare
    place record;
    stream streams;
    fault text;
    events jsonb;
    more boolean;
begin
    select * into place from logic.authorize_room(caller, room);
    select * into stream from streams s where s.stream_id = place.stream_id;
    if stream.stream_id is null then
        -- A search without any event so far.
        stream := (place.stream_id, place.workflow_id, 0, 0);
    end if;
    fault := logic.cursor_fault(stream, since, since_epoch);
    with
    -- The next rows of the stream, or of the ticket in it, with the volume up to each.
    page as materialized (
        select h.*, sum(octet_length(coalesce(h.old_value, '') || coalesce(h.new_value, '')) + octet_length(h.data::text))
                   over (order by h.seq) as volume
          from (select h.*, logic.live_event_data(h.change_type, h.new_value, h.metadata, t.custom_fields) as data
                  from ((select h.* from history h
                  where fault is null and place.ticket_id is null
                    and h.stream_id = stream.stream_id and h.seq > since
                  order by h.seq limit max_events)
                union all
                (select h.* from history h
                  where fault is null and h.ticket_id = place.ticket_id and h.stream_id = stream.stream_id and h.seq > since
                  order by h.seq limit max_events)) h
                  left join lateral (select t.custom_fields from tickets t where t.id = h.ticket_id offset 0) t on true) h
    ),
    -- The same with the number before each; large rows come in smaller pages, because readers hold a page in memory.
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
        'epoch', logic.epoch(), 'stream_id', place.stream_id, 'workflow_id', place.workflow_id, 'ticket_id', place.ticket_id,
        'last_seq', stream.last_seq, 'pruned_seq', stream.pruned_seq, 'resync', fault, 'events', events, 'has_more', more);
end
$$;

-- The newest events of a room, oldest first, in the form of logic.list_events_since. Clients that keep no cursor get them again
-- with each new socket.
create function logic.list_recent_events(caller text, room text, max_events bigint) returns jsonb language plpgsql stable as $$
declare
    place record;
    stream streams;
    events jsonb;
begin
    select * into place from logic.authorize_room(caller, room);
    select * into stream from streams s where s.stream_id = place.stream_id;
    with
    -- The newest rows of the ticket in the stream, or of the stream.
    page as (
        (select h.* from history h
          where place.ticket_id is null and h.stream_id = stream.stream_id order by h.seq desc limit max_events)
        union all
        (select h.* from history h
          where h.ticket_id = place.ticket_id and h.stream_id = stream.stream_id order by h.seq desc limit max_events)
    )
    select coalesce(jsonb_agg((to_jsonb(p) - 'metadata') || jsonb_build_object('prev', 0,
               'metadata', logic.event_data(p.change_type, p.new_value, p.metadata)) order by p.seq), '[]')
      into events from page p;
    return jsonb_build_object('epoch', logic.epoch(), 'stream_id', place.stream_id, 'workflow_id', place.workflow_id,
        'ticket_id', place.ticket_id, 'last_seq', coalesce(stream.last_seq, 0), 'pruned_seq', coalesce(stream.pruned_seq, 0),
        'resync', null, 'events', events, 'has_more', false);
end
$$;
