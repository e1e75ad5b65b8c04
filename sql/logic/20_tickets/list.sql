-- Lists and statistics of tickets.

-- What a list of tickets is sorted by, as SQL over a ticket `t`; with `earlier`, from the text `e.value` that the field had
-- then, or as it is now if that is null. Plain columns, so that an index can give the order.
create function logic.ticket_sort_sql(sort_by text, earlier boolean, sort_order text) returns text language sql immutable
begin atomic
    select case sort_by
        when 'updated_at' then case when earlier then 'coalesce(e.value::timestamptz, t.updated_at)' else 't.updated_at' end
        when 'priority' then format($f$array_position('{low,medium,high,critical}', %s)$f$,
            case when earlier then 'coalesce(e.value, t.priority)' else 't.priority' end)
        -- The columns are read once for all rows. The earlier one may be gone.
        when 'status' then (
            select case when earlier then format('coalesce(array_position(%1$s, e.value), array_position(%1$s, t.status))', c.columns)
                        else format('array_position(%s, t.status)', c.columns) end
              from (values ('(select array_agg(c.id order by c.position) from board_columns c where c.workflow_id = $1)')) c (columns))
        -- Tickets without a due date come last in both orders. They had the text '' then.
        when 'due_on' then format('coalesce(%s, %L::date)',
            case when earlier then $f$case when e.value is null then t.due_on else nullif(e.value, '')::date end$f$ else 't.due_on' end,
            case sort_order when 'asc' then 'infinity' else '-infinity' end)
        when 'rank' then case when earlier then 'coalesce(e.value, t.rank) collate "C"' else 't.rank' end
        else 't.created_at' end;
end;

-- The tickets of the workflow $1 that pass the filters $2, as an SQL condition over `t`. What an index or a join can decide is
-- written as such, and the rest is left to logic.matches_filters.
create function logic.ticket_filter_sql(filters jsonb) returns text language sql immutable
begin atomic
    select concat_ws(' and ', 't.workflow_id = $1', 'logic.is_live(t)', $f$logic.matches_filters(t, $2 - 'is_blocked')$f$,
        -- One column is written as such, because its index is in the order of the board.
        case when jsonb_typeof(filters -> 'status') <> 'array' then null
             when jsonb_array_length(filters -> 'status') = 1 then $f$t.status = $2 -> 'status' ->> 0$f$
             when filters ? 'status' then $f$t.status = any (logic.json_text_array($2 -> 'status'))$f$ end,
        case when filters ->> 'assigned_agent_id' is not null then $f$t.assigned_agent_id = $2 ->> 'assigned_agent_id'$f$ end,
        case when filters -> 'unassigned' = 'true' then 't.assigned_agent_id is null' end,
        case when filters ->> 'milestone_id' is not null then $f$t.milestone_id = $2 ->> 'milestone_id'$f$ end,
        case when filters ->> 'due_after' is not null then $f$t.due_on >= ($2 ->> 'due_after')::date$f$ end,
        case when filters ->> 'due_before' is not null then $f$t.due_on <= ($2 ->> 'due_before')::date$f$ end,
        case when filters -> 'overdue' = 'true' then $f$t.due_on < ($2 ->> 'today')::date and not t.is_resolved$f$ end,
        case when filters -> 'include_completed' = 'false' or filters ->> 'silent_minutes' is not null then 'not t.is_resolved' end,
        case when filters ->> 'is_blocked' is not null then case when (filters ->> 'is_blocked')::boolean then '' else 'not ' end
            || 'exists (select from logic.active_blockers k where k.workflow_id = $1 and k.ticket_id = t.id)' end);
end;

-- Of the tickets that changed since the workflow's stream stood at `seq`: the value that a field of the card had then;
-- null for a ticket that is newer, and '' where it had none.
create function logic.card_field_at(workflow text, field text, seq bigint) returns table (ticket_id text, value text) language sql stable
begin atomic
    select c.ticket_id, (
            select coalesce(coalesce(h.metadata -> 'changes' -> field, h.metadata -> 'ticket' -> field) #>> '{}', '')
              from history h
             where h.ticket_id = c.ticket_id and h.stream_id = 'workflow:' || card_field_at.workflow and h.seq <= card_field_at.seq
               and (h.metadata -> 'changes' ? field or h.metadata -> 'ticket' ? field)
             order by h.seq desc limit 1)
      from (select distinct h.ticket_id from history h
             where h.stream_id = 'workflow:' || card_field_at.workflow and h.seq > card_field_at.seq and h.ticket_id is not null) c;
end;

-- The tickets from which a page is taken, as SQL: those that did not change since the first page, in the order of their
-- columns and no more than the page takes, and those that did (`moving`), by what they were. `continued` pages begin after
-- the keys $5; the first of their comparisons is what an index can start from.
create function logic.ticket_page_sql(condition text, sort_by text, sort_order text, continued boolean, moving boolean)
returns text language sql immutable
begin atomic
    select format('(select t.id, t.number, %1$s as key from tickets t where %2$s %3$s %4$s order by %1$s %5$s, t.number limit $3 + $4)',
               k.now, condition, format(k.after, k.now),
               case when moving then 'and not exists (select from earlier e where e.ticket_id = t.id)' end, sort_order)
        || case when moving then format(' union all (select t.id, t.number, %1$s from earlier e join tickets t on t.id = e.ticket_id where %2$s %3$s)',
               k.before, condition, format(k.after, k.before)) else '' end
      from (select logic.ticket_sort_sql(sort_by, false, sort_order) as now, logic.ticket_sort_sql(sort_by, true, sort_order) as before,
                   case when continued then format('and %%1$s %s= ($5 ->> 0)::%s and (%%1$s <> ($5 ->> 0)::%2$s or t.number > ($5 ->> 1)::bigint)',
                       case sort_order when 'asc' then '>' else '<' end,
                       case when sort_by in ('priority', 'status') then 'bigint' when sort_by = 'due_on' then 'date' when sort_by = 'rank' then 'text collate "C"' else 'timestamptz' end)
                   else '' end as after) k;
end;

-- GET /api/tickets. Pages continue after a cursor, or skip rows, as foreign clients do. A cursor holds the last row's
-- sort key and number, and the seq of the first page: a ticket that changes while the pages are read keeps the place
-- it had then, so that it is neither repeated nor missed. `total_count` counts to logic.max_count.
create function logic.list_tickets(
    caller text, workflow text, filters jsonb default '{}', sort_by text default 'created_at', sort_order text default 'desc',
    max_rows int default 50, skip int default 0, cursor text default null
) returns jsonb language plpgsql as $$
declare
    about constant jsonb := jsonb_build_array(workflow, filters, sort_by, sort_order);
    -- [sort key, number, seq]
    last_seen jsonb;
    -- Whether rows may have moved since the first page.
    moving boolean;
    condition text;
    total bigint;
    found bigint;
    tickets jsonb;
    last jsonb;
begin
    perform logic.authorize(caller, workflow, 'viewer');
    if filters ->> 'milestone_id' is not null then
        -- An empty list would look like an answer.
        perform logic.require_milestone(workflow, 'milestone_id', filters ->> 'milestone_id');
    end if;
    filters := logic.localize_filters(workflow, filters);
    last_seen := logic.read_cursor(cursor, 'tickets', about);
    if last_seen is not null and skip > 0 then
        perform logic.fail_invalid('offset', 'must not be given together with a cursor');
    end if;
    moving := last_seen is not null and sort_by <> 'created_at';
    condition := logic.ticket_filter_sql(filters);
    -- Dynamic, so that it is planned for the filters and the order that are given.
    execute format('select count(*) from (select from tickets t where %s limit logic.max_count()) counted', condition)
       into total using workflow, filters;
    execute format($f$
        with
        -- Sort fields as they were at the first page, of tickets that changed since.
        earlier as materialized (
            select c.ticket_id, c.value from logic.card_field_at($1, $6, ($5 ->> 2)::bigint) c where %1$s
        ),
        -- One row more than requested, to learn whether there are more.
        page as (
            select p.* from (%2$s) p order by p.key %3$s, p.number limit $3 offset $4
        ),
        -- The same with their places.
        placed as (
            select p.*, row_number() over (order by p.key %3$s, p.number) as place from page p
        )
        select count(*),
               coalesce(jsonb_agg(to_jsonb(k) || jsonb_build_object('description', t.description) order by p.place) filter (where p.place < $3), '[]'),
               jsonb_agg(jsonb_build_array(p.key, p.number)) filter (where p.place = $3 - 1) -> 0
          from placed p
          join logic.cards k on k.ticket_id = p.id
          join tickets t on t.id = p.id$f$,
        moving::text, logic.ticket_page_sql(condition, sort_by, sort_order, last_seen is not null, moving), sort_order)
       into found, tickets, last
      using workflow, filters, max_rows + 1, skip, last_seen, sort_by;
    return jsonb_build_object('success', true, 'tickets', tickets, 'total_count', total)
        || logic.page_end(found, max_rows, 'tickets', about, last || jsonb_build_array(
            coalesce(last_seen -> 2, to_jsonb((select s.last_seq from streams s where s.stream_id = 'workflow:' || workflow)))));
end
$$;

-- GET /api/tickets/stats/{workflow_id}. Days are those of `tz`, which defaults to the workflow's time zone. What was created and
-- completed is counted as reports count it: also tickets that were deleted, merged or reopened since.
create function logic.get_ticket_stats(caller text, workflow text, tz text default null) returns jsonb language plpgsql as $$
declare
    zone text;
    today timestamptz;
    created bigint;
    completed bigint;
    velocity bigint;
begin
    perform logic.authorize(caller, workflow, 'viewer');
    zone := logic.time_zone_of(workflow, tz);
    today := date_trunc('day', now(), zone);
    -- While much of the past is not stored, as after an upgrade, counting it takes long: then live tickets are counted.
    if logic.is_past_stored(workflow) then
        created := (select count(*) from reporting.creations c where c.workflow_id = workflow and c.created_at >= today);
        select count(*) filter (where c.completed_at >= today), count(*) filter (where c.completed_at >= now() - interval '7 days') into completed, velocity
          from reporting.completions c where c.workflow_id = workflow and c.completed_at >= least(today, now() - interval '7 days');
    end if;
    return (
        with
        -- The live tickets of the workflow, without their texts.
        live as materialized (
            select t.id, t.status, t.ticket_type, t.priority, t.assigned_agent_id, t.is_resolved, t.created_at, t.completed_at
              from tickets t where t.workflow_id = get_ticket_stats.workflow and logic.is_live(t)
        ),
        -- Counts by each of four fields, of which a row has one.
        counted as (
            select l.status, l.ticket_type, l.priority, l.assigned_agent_id, count(*) as n
              from live l group by grouping sets (l.status, l.ticket_type, l.priority, l.assigned_agent_id)
        ),
        -- The same as objects.
        groups as (
            select jsonb_object_agg(c.status, c.n) filter (where c.status is not null) as by_status,
                   jsonb_object_agg(c.ticket_type, c.n) filter (where c.ticket_type is not null) as by_type,
                   jsonb_object_agg(c.priority, c.n) filter (where c.priority is not null) as by_priority,
                   jsonb_object_agg(c.assigned_agent_id, c.n) filter (where c.assigned_agent_id is not null) as by_agent
              from counted c
        )
        select jsonb_build_object('success', true, 'workflow_id', get_ticket_stats.workflow,
            'stats', jsonb_build_object(
                'total_tickets', count(*),
                'by_status', coalesce((select g.by_status from groups g), '{}'),
                'by_type', coalesce((select g.by_type from groups g), '{}'),
                'by_priority', coalesce((select g.by_priority from groups g), '{}'),
                'by_agent', coalesce((select g.by_agent from groups g), '{}'),
                'blocked_count', (select count(distinct k.ticket_id) from logic.active_blockers k join live l2 on l2.id = k.ticket_id),
                'resolved_count', count(*) filter (where l.is_resolved),
                'avg_comments_per_ticket', round(coalesce((select count(*) from ticket_comments c join live l2 on l2.id = c.ticket_id
                    where c.workflow_id = get_ticket_stats.workflow and c.deleted_at is null)::numeric / nullif(count(*), 0), 0), 2),
                'avg_commits_per_ticket', round(coalesce((select count(*) from ticket_commits m join live l2 on l2.id = m.ticket_id
                    where m.workflow_id = get_ticket_stats.workflow)::numeric / nullif(count(*), 0), 0), 2),
                'created_today', coalesce(created, count(*) filter (where l.created_at >= today)),
                'completed_today', coalesce(completed, count(*) filter (where l.completed_at >= today)),
                'velocity_last_7_days', coalesce(velocity, count(*) filter (where l.completed_at >= now() - interval '7 days'))),
            'time_zone', zone,
            'board_config', logic.board_config(get_ticket_stats.workflow))
          from live l);
end
$$;
