-- Replaying history: the tickets and the configuration of a board after any event of its stream. Events hold the new values of
-- the card's fields (`changes`), so the last event of each kind gives the values that those fields had.

-- What an event sets: fields of the card, and `deleted`, which no card has.
create function logic.replayed_fields(change_type text, field_name text, metadata jsonb) returns jsonb language sql immutable
begin atomic
    select case when change_type in ('created', 'restored', 'ticket_unmerged') then coalesce(metadata -> 'ticket', '{}') else '{}' end
        || coalesce(metadata -> 'changes', '{}')
        || case when change_type = 'deleted' then '{"deleted": true}'
                when change_type in ('created', 'restored') or field_name = 'deleted_at' then '{"deleted": false}'
                else '{}' end::jsonb;
end;

-- Each ticket that a workflow ever had as it was after event `seq` of its stream, also deleted and merged ones.
create function logic.replay_tickets(workflow text, seq bigint) returns table (ticket_id text, state jsonb) language sql stable
begin atomic
    with
    -- The last event of each kind of each ticket. Events of one kind set the same fields.
    last_events as (
        select h.ticket_id, h.change_type, h.field_name, max(h.seq) as seq
          from history h
         where h.stream_id = 'workflow:' || replay_tickets.workflow and h.seq <= replay_tickets.seq and h.ticket_id is not null
         group by h.ticket_id, h.change_type, h.field_name
    ),
    -- Their values, the later ones over the earlier ones.
    replayed as (
        select l.ticket_id, logic.merge_objects(logic.replayed_fields(h.change_type, h.field_name, h.metadata) order by l.seq) as fields
          from last_events l
          join history h on h.stream_id = 'workflow:' || replay_tickets.workflow and h.seq = l.seq
         group by l.ticket_id
    ),
    -- Tickets whose beginning is pruned, as they were where kept history begins.
    bases as (
        select b.subject as ticket_id, b.state from history_bases b
         where b.stream_id = 'workflow:' || replay_tickets.workflow and b.subject not in ('board', 'milestones')
    )
    select coalesce(r.ticket_id, b.ticket_id), coalesce(b.state, '{}') || coalesce(r.fields, '{}')
      from replayed r full join bases b on b.ticket_id = r.ticket_id;
end;

-- The cards that were on a workflow's board after event `seq` of its stream, as in logic.cards.
create function logic.cards_after(workflow text, seq bigint) returns setof logic.cards language sql stable
begin atomic
    select c.*
      from logic.replay_tickets(cards_after.workflow, cards_after.seq) r
     cross join lateral jsonb_populate_record(null::logic.cards, r.state) c
     where not coalesce((r.state ->> 'deleted')::boolean, false) and c.merged_into_ticket_id is null
       -- A ticket from before the kept history, of which only later changes are known.
       and c.ticket_id is not null;
end;

-- The cards of a board at a time, which is that of event `seq` of its stream. A ticket that was imported later is there from its own
-- creation on, where its dates and moves say (logic.creation_steps), as reports count it; what else it was then is not known, so its
-- other fields are those of its import. PL/pgSQL, because the steps are defined with the reports.
create function logic.cards_at(workflow text, seq bigint, at timestamptz) returns setof logic.cards language plpgsql stable as $$
declare
    stream constant text := 'workflow:' || workflow;
    initial_column constant text := (select b.initial_status from boards b where b.workflow_id = workflow);
    active_column constant text := (select c.id from board_columns c where c.workflow_id = workflow and c.category = 'active' order by c.position, c.id limit 1);
    -- Ids begin with the time at which they were made: imports that were over a day before `at` are in the replay.
    hex constant text := lpad(to_hex(greatest(extract(epoch from at - interval '1 day') * 1000, 0)::bigint), 12, '0');
    first_id constant text := 'ticket-' || left(hex, 8) || '-' || substr(hex, 9, 4);
begin
    return query select * from logic.cards_after(workflow, cards_at.seq);
    return query
    with
    -- Tickets that are older than their row in history, which came after that event.
    imported as materialized (
        select h.metadata -> 'ticket' as card, h.changed_at
          from tickets t
         cross join lateral (
                select e.metadata, e.changed_at, e.seq from history e
                 where e.ticket_id = t.id and e.stream_id = stream and e.change_type = 'created' order by e.seq limit 1) h
         where t.workflow_id = workflow and t.external_ref is not null and t.created_at <= cards_at.at and t.id >= first_id
           and h.seq > cards_at.seq and t.created_at < h.changed_at - interval '1 minute'
    )
    select c.*
      from imported i
     -- What had happened to it by then.
     cross join lateral (
            select logic.merge_objects(s.patch order by s.step) as state, max(s.at) as at
              from logic.creation_steps(i.card, i.changed_at, null, initial_column, active_column,
                       (logic.column_version_at(workflow, i.card ->> 'status', i.changed_at)).category) s
             where s.at <= cards_at.at) s
     cross join lateral jsonb_populate_record(null::logic.cards, i.card || jsonb_build_object('status', s.state -> 'status',
            'started_at', s.state -> 'started_at', 'completed_at', s.state -> 'completed_at', 'updated_at', s.at,
            'is_resolved', s.state ->> 'completed_at' is not null)) c
     where s.at is not null;
end
$$;

-- The event after which the configuration and the milestones of a board at a time are taken: the import of the first ticket that is
-- older, if that came later, because nothing of the board is known from before.
create function logic.config_seq_at(workflow text, seq bigint, at timestamptz) returns bigint language sql stable
begin atomic
    select case when at >= w.created_at then seq else coalesce(
               (select min(h.seq) from history h
                 where h.stream_id = 'workflow:' || w.id and h.change_type = 'created'
                   and (h.metadata #>> '{ticket,created_at}')::timestamptz <= config_seq_at.at), seq) end
      from workflows w where w.id = config_seq_at.workflow;
end;

-- The configuration of a workflow's board after event `seq` of its stream.
create function logic.board_config_after(workflow text, seq bigint) returns jsonb language sql stable
begin atomic
    select coalesce(
        (select h.metadata -> 'board_config' from history h
          where h.stream_id = 'workflow:' || board_config_after.workflow and h.seq <= board_config_after.seq and h.change_type = 'board_updated'
          order by h.seq desc limit 1),
        (select b.state from history_bases b where b.stream_id = 'workflow:' || board_config_after.workflow and b.subject = 'board'),
        logic.board_config(board_config_after.workflow));
end;

-- The milestones of a workflow after event `seq` of its stream, by creation.
create function logic.milestones_after(workflow text, seq bigint) returns jsonb language sql stable
begin atomic
    with
    -- What was known of each milestone, by place: where kept history begins, and in each event since.
    known as (
        select 0::bigint as place, 'milestone_created' as change_type, e.milestone
          from history_bases b cross join lateral jsonb_array_elements(b.state -> 'milestones') e (milestone)
         where b.stream_id = 'workflow:' || milestones_after.workflow and b.subject = 'milestones'
        union all
        select h.seq, h.change_type, h.metadata -> 'milestone'
          from history h
         where h.stream_id = 'workflow:' || milestones_after.workflow and h.seq <= milestones_after.seq
           and h.change_type in ('milestone_created', 'milestone_updated', 'milestone_deleted')
    ),
    -- The last of it.
    last_known as (
        select distinct on (k.milestone ->> 'milestone_id') k.change_type, k.milestone
          from known k order by k.milestone ->> 'milestone_id', k.place desc
    )
    select coalesce(jsonb_agg(l.milestone order by (l.milestone ->> 'milestone_id') collate "C"), '[]')
      from last_known l where l.change_type <> 'milestone_deleted';
end;

-- The last event of a workflow's stream that was committed at a time: 0 before the first one. Of a transaction that was at work
-- at that time, no event counts.
create function logic.find_seq_at(workflow text, at timestamptz) returns bigint language plpgsql stable as $$
declare
    stream constant text := 'workflow:' || workflow;
    last record;
begin
    select h.seq, h.xid into last from history h
     where h.stream_id = stream and h.changed_at <= at order by h.seq desc limit 1;
    if not found then
        return coalesce((select s.pruned_seq from streams s where s.stream_id = stream), 0);
    end if;
    if exists (select from history h where h.stream_id = stream and h.seq = last.seq + 1 and h.xid = last.xid) then
        -- The events of a transaction follow each other, because it holds the row of its stream.
        return (select min(h.seq) - 1 from history h where h.stream_id = stream and h.xid = last.xid);
    end if;
    return last.seq;
end
$$;

-- Keeps what the history of the stream begins with once its events up to `seq` are pruned, and what reports know of them.
create function logic.keep_history_base(workflow text, seq bigint) returns void language plpgsql as $$
begin
    while logic.refresh_reporting(workflow) > 0 loop
    end loop;
    insert into history_bases (stream_id, subject, state)
    select 'workflow:' || workflow, r.ticket_id, r.state from logic.replay_tickets(workflow, seq) r
    union all
    select 'workflow:' || workflow, 'board', logic.board_config_after(workflow, seq)
    union all
    select 'workflow:' || workflow, 'milestones', jsonb_build_object('milestones', logic.milestones_after(workflow, seq))
    on conflict (stream_id, subject) do update set state = excluded.state;
end
$$;
