-- Reading tickets: one, many, statistics.

-- GET /api/tickets/{id}: everything about one ticket. The fields stand at the top level and again under
-- `ticket`, because existing clients read either.
create function logic.get_ticket(caller text, ticket text, workflow text default null) returns jsonb language plpgsql as $$
declare
    tid text := logic.find_ticket(caller, ticket, 'viewer', workflow);
    row tickets;
    fields jsonb;
begin
    select * into row from tickets t where t.id = tid;
    fields := (select to_jsonb(c) from logic.cards c where c.ticket_id = row.id) || jsonb_build_object(
        'id', row.id, 'description', row.description, 'resolved_at', row.resolved_at, 'external_ref', row.external_ref,
        'related_task_ids', row.related_task_ids, 'related_ticket_ids', row.related_ticket_ids);
    return fields || jsonb_build_object(
        'success', true,
        'ticket', fields,
        'comments', coalesce((
            select jsonb_agg(logic.comment_json(c.id) order by c.created_at, c.id)
              from (select * from ticket_comments c where c.ticket_id = row.id and c.deleted_at is null
                     order by c.created_at desc, c.id desc limit 500) c), '[]'),
        'history', logic.ticket_history(row, 200),
        'commits', coalesce((
            select jsonb_agg(logic.commit_json(m.id) order by m.linked_at, m.id) from ticket_commits m where m.ticket_id = row.id), '[]'),
        'related_tickets', coalesce((
            select jsonb_agg(logic.ticket_ref(r.id)) from unnest(row.related_ticket_ids) r (id)), '[]'),
        'related_tasks', coalesce((select jsonb_agg(jsonb_build_object('task_id', r.id)) from unnest(row.related_task_ids) r (id)), '[]'),
        'parent_ticket', logic.ticket_ref(row.parent_ticket_id),
        'merged_into', logic.ticket_ref(row.merged_into_ticket_id),
        'duplicates', coalesce((
            select jsonb_agg(logic.ticket_ref(d.id) order by d.number) from tickets d
             where d.merged_into_ticket_id = row.id and d.deleted_at is null), '[]'),
        'sub_tickets', coalesce((
            select jsonb_agg(logic.ticket_ref(s.id) order by s.number) from tickets s
             where s.parent_ticket_id = row.id and logic.is_live(s)), '[]'),
        'blocked_by', coalesce((
            select jsonb_agg(logic.ticket_ref(k.blocked_by_ticket_id) order by k.blocked_by_ticket_id)
              from ticket_blockers k where k.ticket_id = row.id), '[]'),
        'blocks', coalesce((
            select jsonb_agg(logic.ticket_ref(k.ticket_id) order by k.ticket_id)
              from ticket_blockers k join tickets t on t.id = k.ticket_id and logic.is_live(t)
             where k.blocked_by_ticket_id = row.id), '[]'));
end
$$;

-- A ticket's newest history rows below the first `skip`, oldest first. Event data stays out: the rows say what
-- changed. What a running job says stays out too: it is read in the job's transcript, and would push everything
-- else out.
create function logic.ticket_history(ticket tickets, max_rows int, skip int default 0) returns jsonb language sql stable
begin atomic
    select coalesce(jsonb_agg(jsonb_build_object(
        'seq', h.seq, 'change_type', h.change_type, 'field_name', h.field_name, 'old_value', h.old_value, 'new_value', h.new_value,
        'change_description', h.change_description, 'changed_at', h.changed_at,
        'agent_id', coalesce(h.on_behalf_of, h.actor_id), 'actor_id', h.actor_id, 'on_behalf_of', h.on_behalf_of,
        'metadata', h.metadata - 'changes' - 'ticket') order by h.seq), '[]')
      from (select * from history h
             where h.ticket_id = (ticket).id and h.stream_id = 'workflow:' || (ticket).workflow_id
               and h.change_type not in ('job_progress', 'job_message')
             order by h.seq desc limit max_rows offset skip) h;
end;

-- A page of what is too much for one answer about a ticket, oldest first: `max_rows` comments or changes (part
-- comments or history) below the newest `skip`, and whether there are older ones; `chosen` names one comment
-- instead. Or its description alone.
create function logic.ticket_page(caller text, ticket text, part text, chosen text, skip int, max_rows int) returns jsonb
language plpgsql as $$
declare
    tid text := logic.find_ticket(caller, ticket, 'viewer');
    row tickets;
    -- One more than wanted tells whether there are more.
    found jsonb;
begin
    if part = 'comments' then
        found := coalesce((
            select jsonb_agg(logic.comment_json(c.id) order by c.created_at, c.id)
              from (select * from ticket_comments c
                     where c.ticket_id = tid and c.deleted_at is null and (chosen is null or c.id = chosen)
                     order by c.created_at desc, c.id desc limit max_rows + 1 offset skip) c), '[]');
    else
        select * into row from tickets t where t.id = tid;
        if part = 'description' then
            return jsonb_build_object('description', row.description);
        end if;
        found := logic.ticket_history(row, max_rows + 1, skip);
    end if;
    -- The oldest stands first: it is the one too many.
    return jsonb_build_object('has_more', jsonb_array_length(found) > max_rows,
        part, case when jsonb_array_length(found) > max_rows then found - 0 else found end);
end
$$;

-- Whether a ticket waits for others.
create function logic.is_blocked(ticket text) returns boolean language sql stable
begin atomic
    select exists (select from ticket_blockers k where k.ticket_id = is_blocked.ticket);
end;

-- The strings of a JSON array.
create function logic.texts(items jsonb) returns text[] language sql immutable parallel safe
begin atomic
    select array(select jsonb_array_elements_text(items));
end;

-- The filters that lists and search share, as one test of a ticket. A null filter lets all pass.
-- {status[], priority[], ticket_type[], assigned_agent_id, unassigned, tags[], created_after,
-- created_before, is_blocked, include_completed}
-- Without subqueries of its own, so that Postgres puts it in place and, where it plans for the filters
-- at hand, keeps of it only what they ask for.
create function logic.matches(t tickets, filters jsonb) returns boolean language sql stable
begin atomic
    select (filters -> 'status' is null or filters -> 'status' ? t.status)
       and (filters -> 'priority' is null or filters -> 'priority' ? t.priority)
       and (filters -> 'ticket_type' is null or filters -> 'ticket_type' ? t.ticket_type)
       and (filters ->> 'assigned_agent_id' is null or t.assigned_agent_id = filters ->> 'assigned_agent_id')
       and (filters -> 'unassigned' is distinct from 'true' or t.assigned_agent_id is null)
       and (filters -> 'tags' is null or t.tags && logic.texts(filters -> 'tags'))
       and (filters ->> 'created_after' is null or t.created_at >= (filters ->> 'created_after')::timestamptz)
       and (filters ->> 'created_before' is null or t.created_at <= (filters ->> 'created_before')::timestamptz)
       and (filters -> 'include_completed' is distinct from 'false' or not t.is_resolved)
       and (filters ->> 'is_blocked' is null or (filters ->> 'is_blocked')::boolean = logic.is_blocked(t.id));
end;

-- GET /api/tickets
create function logic.list_tickets(
    caller text, workflow text, filters jsonb default '{}', sort_by text default 'created_at', sort_order text default 'desc',
    max_rows int default 50, skip int default 0
) returns jsonb language plpgsql as $$
declare
    answer jsonb;
begin
    perform logic.authorize(caller, workflow, 'viewer');
    with
    -- Everything that passes the filters, numbered in the order asked for; ties by number.
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
         where t.workflow_id = list_tickets.workflow and logic.is_live(t) and logic.matches(t, filters)
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
        -- Past the end there is no row to carry the total.
        answer := answer || jsonb_build_object('total_count', (select count(*) from tickets t
            where t.workflow_id = list_tickets.workflow and logic.is_live(t) and logic.matches(t, filters)));
    end if;
    return answer;
end
$$;

-- GET /api/tickets/stats/{workflow_id}; days are UTC.
create function logic.ticket_stats(caller text, workflow text) returns jsonb language plpgsql as $$
begin
    perform logic.authorize(caller, workflow, 'viewer');
    return (
        with
        -- The live tickets of the workflow.
        live as materialized (
            select t.* from tickets t where t.workflow_id = ticket_stats.workflow and logic.is_live(t)
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
        select jsonb_build_object('success', true, 'workflow_id', ticket_stats.workflow,
            'stats', jsonb_build_object(
                'total_tickets', count(*),
                'by_status', coalesce((select g.counts from groups g where g.field = 'status'), '{}'),
                'by_type', coalesce((select g.counts from groups g where g.field = 'type'), '{}'),
                'by_priority', coalesce((select g.counts from groups g where g.field = 'priority'), '{}'),
                'by_agent', coalesce((select g.counts from groups g where g.field = 'agent'), '{}'),
                'blocked_count', (select count(distinct k.ticket_id) from ticket_blockers k join live l2 on l2.id = k.ticket_id),
                'resolved_count', count(*) filter (where l.is_resolved),
                'avg_comments_per_ticket', round(coalesce((select count(*) from ticket_comments c join live l2 on l2.id = c.ticket_id
                    where c.workflow_id = ticket_stats.workflow and c.deleted_at is null)::numeric / nullif(count(*), 0), 0), 2),
                'avg_commits_per_ticket', round(coalesce((select count(*) from ticket_commits m join live l2 on l2.id = m.ticket_id
                    where m.workflow_id = ticket_stats.workflow)::numeric / nullif(count(*), 0), 0), 2),
                'created_today', count(*) filter (where l.created_at >= date_trunc('day', now(), 'UTC')),
                'completed_today', count(*) filter (where l.completed_at >= date_trunc('day', now(), 'UTC')),
                'velocity_last_7_days', count(*) filter (where l.completed_at >= now() - interval '7 days')),
            'board_config', logic.board_config(ticket_stats.workflow))
          from live l);
end
$$;
