-- Lists and statistics of tickets.

-- GET /api/tickets
create function logic.list_tickets(
    caller text, workflow text, filters jsonb default '{}', sort_by text default 'created_at', sort_order text default 'desc',
    max_rows int default 50, skip int default 0
) returns jsonb language plpgsql as $$
declare
    answer jsonb;
begin
    perform logic.authorize(caller, workflow, 'viewer');
    filters := logic.localize_filters(workflow, filters);
    with
    -- Tickets that pass the filters, numbered in the requested order; ties by number.
    chosen as (
        select t.id, count(*) over () as total,
               row_number() over (order by
                   case when sort_order = 'asc' then
                       case sort_by when 'created_at' then t.created_at when 'updated_at' then t.updated_at end end,
                   case when sort_order = 'desc' then
                       case sort_by when 'created_at' then t.created_at when 'updated_at' then t.updated_at end end desc,
                   case when sort_by = 'priority' and sort_order = 'asc' then array_position('{low,medium,high,critical}', t.priority) end,
                   case when sort_by = 'priority' and sort_order = 'desc' then array_position('{low,medium,high,critical}', t.priority) end desc,
                   case when sort_by = 'status' and sort_order = 'asc' then c.position end,
                   case when sort_by = 'status' and sort_order = 'desc' then c.position end desc,
                   t.number) as place
          from tickets t
          join board_columns c on c.workflow_id = t.workflow_id and c.id = t.status
         where t.workflow_id = list_tickets.workflow and logic.is_live(t) and logic.matches_filters(t, filters)
         order by place limit max_rows offset skip
    )
    select jsonb_build_object('success', true,
        'tickets', coalesce(jsonb_agg(to_jsonb(k) || jsonb_build_object('description',
            (select t.description from tickets t where t.id = k.ticket_id)) order by c.place), '[]'),
        'total_count', coalesce(max(c.total), 0),
        'has_more', coalesce(max(c.place) < max(c.total), false))
      into answer
      from chosen c join logic.cards k on k.ticket_id = c.id;
    if answer -> 'total_count' = '0' and skip > 0 then
        -- A page past the end has no row that carries the total.
        answer := answer || jsonb_build_object('total_count', (select count(*) from tickets t
            where t.workflow_id = list_tickets.workflow and logic.is_live(t) and logic.matches_filters(t, filters)));
    end if;
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
