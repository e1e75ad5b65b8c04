-- Lists and statistics of tickets.

-- What a list of tickets is sorted by, as text that sorts in the collation "C". `position` is the column's.
create function logic.ticket_sort_key(sort_by text, created_at timestamptz, updated_at timestamptz, priority text, "position" bigint, rank text)
returns text language sql stable parallel safe
begin atomic
    select case sort_by
        when 'updated_at' then to_char(updated_at at time zone 'UTC', 'YYYYMMDDHH24MISSUS')
        when 'priority' then array_position('{low,medium,high,critical}', priority)::text
        when 'status' then lpad("position"::text, 10, '0')
        when 'rank' then rank
        else to_char(created_at at time zone 'UTC', 'YYYYMMDDHH24MISSUS') end;
end;

-- Of the tickets that changed since the workflow's stream stood at `seq`: the value that a field of the card had then;
-- null for a ticket that is newer.
create function logic.card_field_at(workflow text, field text, seq bigint) returns table (ticket_id text, value text) language sql stable
begin atomic
    select c.ticket_id, (
            select coalesce(h.metadata -> 'changes' -> field, h.metadata -> 'ticket' -> field) #>> '{}'
              from history h
             where h.ticket_id = c.ticket_id and h.stream_id = 'workflow:' || card_field_at.workflow and h.seq <= card_field_at.seq
               and (h.metadata -> 'changes' ? field or h.metadata -> 'ticket' ? field)
             order by h.seq desc limit 1)
      from (select distinct h.ticket_id from history h
             where h.stream_id = 'workflow:' || card_field_at.workflow and h.seq > card_field_at.seq and h.ticket_id is not null) c;
end;

-- GET /api/tickets. Pages continue after a cursor, or skip rows, as foreign clients do. A cursor holds the last row's
-- sort key and number, and the seq of the first page: a ticket that changes while the pages are read keeps the place
-- it had then, so that it is neither repeated nor missed.
create function logic.list_tickets(
    caller text, workflow text, filters jsonb default '{}', sort_by text default 'created_at', sort_order text default 'desc',
    max_rows int default 50, skip int default 0, cursor text default null
) returns jsonb language plpgsql as $$
declare
    about constant jsonb := jsonb_build_array(workflow, filters, sort_by, sort_order);
    -- [sort key, number, seq]
    last_seen jsonb;
    answer jsonb;
begin
    perform logic.authorize(caller, workflow, 'viewer');
    filters := logic.localize_filters(workflow, filters);
    last_seen := logic.read_cursor(cursor, 'tickets', about);
    if last_seen is not null and skip > 0 then
        perform logic.fail_invalid('offset', 'must not be given together with a cursor');
    end if;
    with
    -- Sort fields as they were at the first page, of tickets that changed since.
    earlier as materialized (
        select e.ticket_id, e.value from logic.card_field_at(workflow, list_tickets.sort_by, (last_seen ->> 2)::bigint) e
         where last_seen is not null and list_tickets.sort_by <> 'created_at'
    ),
    -- Tickets that pass the filters, with their sort keys.
    fitting as materialized (
        select t.id, t.number,
               logic.ticket_sort_key(list_tickets.sort_by, t.created_at,
                   case when sort_by = 'updated_at' then coalesce(e.value::timestamptz, t.updated_at) end,
                   case when sort_by = 'priority' then coalesce(e.value, t.priority) end,
                   -- The earlier column may be gone.
                   case when sort_by = 'status' then (
                       select c.position from board_columns c
                        where c.workflow_id = t.workflow_id and c.id in (e.value, t.status) order by c.id = e.value desc nulls last limit 1) end,
                   case when sort_by = 'rank' then coalesce(e.value, t.rank) end) collate "C" as key
          from tickets t
          left join earlier e on e.ticket_id = t.id
         where t.workflow_id = list_tickets.workflow and logic.is_live(t) and logic.matches_filters(t, filters)
    ),
    -- One row more than requested, to learn whether there are more; ties by number.
    page as (
        select f.id, f.number, f.key,
               row_number() over (order by case when sort_order = 'asc' then f.key end, case when sort_order = 'desc' then f.key end desc, f.number) as place
          from fitting f
         where last_seen is null
            or (f.key = last_seen ->> 0 and f.number > (last_seen ->> 1)::bigint)
            or case when sort_order = 'asc' then f.key > last_seen ->> 0 else f.key < last_seen ->> 0 end
         order by place limit max_rows + 1 offset skip
    ),
    -- The rows of the page, with their cards.
    shown as (
        select p.place, to_jsonb(k) || jsonb_build_object('description', (select t.description from tickets t where t.id = k.ticket_id)) as ticket
          from page p join logic.cards k on k.ticket_id = p.id
         where p.place <= max_rows + skip
    )
    select jsonb_build_object('success', true,
            'tickets', coalesce((select jsonb_agg(s.ticket order by s.place) from shown s), '[]'),
            'total_count', (select count(*) from fitting))
        || logic.page_end(count(*), max_rows, 'tickets', about, jsonb_build_array(
            max(p.key) filter (where p.place = max_rows + skip), max(p.number) filter (where p.place = max_rows + skip),
            coalesce(last_seen -> 2, to_jsonb((select s.last_seq from streams s where s.stream_id = 'workflow:' || workflow)))))
      into answer
      from page p;
    return answer;
end
$$;

-- GET /api/tickets/stats/{workflow_id}. Days are those of `tz`, which defaults to the workflow's time zone.
create function logic.get_ticket_stats(caller text, workflow text, tz text default null) returns jsonb language plpgsql as $$
declare
    zone text;
begin
    perform logic.authorize(caller, workflow, 'viewer');
    zone := logic.time_zone_of(workflow, tz);
    return (
        with
        -- The live tickets of the workflow.
        live as materialized (
            select t.* from tickets t where t.workflow_id = get_ticket_stats.workflow and logic.is_live(t)
        ),
        -- Counts by each of four fields, as objects.
        groups as (
            select g.field, jsonb_object_agg(g.value, g.n) as counts
              from (select v.field, v.value, count(*) as n
                      from live l
                      cross join lateral (values ('status', l.status), ('type', l.ticket_type), ('priority', l.priority),
                                                 ('agent', l.assigned_agent_id)) v (field, value)
                     where v.value is not null group by 1, 2) g
             group by g.field
        )
        select jsonb_build_object('success', true, 'workflow_id', get_ticket_stats.workflow,
            'stats', jsonb_build_object(
                'total_tickets', count(*),
                'by_status', coalesce((select g.counts from groups g where g.field = 'status'), '{}'),
                'by_type', coalesce((select g.counts from groups g where g.field = 'type'), '{}'),
                'by_priority', coalesce((select g.counts from groups g where g.field = 'priority'), '{}'),
                'by_agent', coalesce((select g.counts from groups g where g.field = 'agent'), '{}'),
                'blocked_count', (select count(distinct k.ticket_id) from logic.active_blockers k join live l2 on l2.id = k.ticket_id),
                'resolved_count', count(*) filter (where l.is_resolved),
                'avg_comments_per_ticket', round(coalesce((select count(*) from ticket_comments c join live l2 on l2.id = c.ticket_id
                    where c.workflow_id = get_ticket_stats.workflow and c.deleted_at is null)::numeric / nullif(count(*), 0), 0), 2),
                'avg_commits_per_ticket', round(coalesce((select count(*) from ticket_commits m join live l2 on l2.id = m.ticket_id
                    where m.workflow_id = get_ticket_stats.workflow)::numeric / nullif(count(*), 0), 0), 2),
                'created_today', count(*) filter (where l.created_at >= date_trunc('day', now(), zone)),
                'completed_today', count(*) filter (where l.completed_at >= date_trunc('day', now(), zone)),
                'velocity_last_7_days', count(*) filter (where l.completed_at >= now() - interval '7 days')),
            'time_zone', zone,
            'board_config', logic.board_config(get_ticket_stats.workflow))
          from live l);
end
$$;
