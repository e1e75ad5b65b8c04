-- Storing what logic.flow_changes computes.

-- Replaces what is stored about the changed tickets, and counts the differences into reporting_flow and reporting_counts.
create function logic.store_flow_changes(workflow text, changes logic.flow_change[]) returns void language plpgsql
-- A plan for one workflow may take an index by workflow alone, because statistics do not have its rows yet.
set plan_cache_mode = 'force_generic_plan' as $$
declare
    removed reporting_spans[];
    -- When the changed tickets were created as far as it was known.
    created_before timestamptz[];
begin
    with
    -- The spans that are not as stored any longer. Looked up ticket by ticket: where statistics say that a workflow has few rows, as when it
    -- is being stored for the first time, a join would compare each of its rows with each change.
    found as (
        select x.place_in_table from unnest(changes) c
         cross join lateral (
            select p.ctid as place_in_table from reporting_spans p
             where p.workflow_id = workflow and p.ticket_id = c.ticket_id and (c.is_redone or p.ended_at is null) offset 0) x
         where c.kind = 'state'
    ),
    gone as (
        delete from reporting_spans s where s.ctid = any (array(select f.place_in_table from found f))
        returning s
    )
    select array_agg(g.s) into removed from gone g;
    insert into reporting_spans (workflow_id, ticket_id, kind, place, value, column_key, category, started_at, ended_at, ended_by, is_estimated,
                                 created_at, began_at, story_points, ticket_type, priority, assignee_id, active_seconds, blocked_seconds)
    select workflow, c.ticket_id, c.kind, c.place, c.value, c.column_key, c.category, c.started_at, c.ended_at, c.ended_by, c.is_estimated,
           (c.details ->> 'created_at')::timestamptz, (c.details ->> 'started_at')::timestamptz, (c.details ->> 'points')::float8,
           c.details ->> 'type', c.details ->> 'priority', c.details ->> 'assignee', (c.details ->> 'active')::float8, (c.details ->> 'waited')::float8
      from unnest(changes) c where c.kind <> 'state';
    created_before := array(
        select x.created_at from unnest(changes) c
         cross join lateral (
            select r.created_at from reporting_tickets r
             where r.workflow_id = workflow and r.ticket_id = c.ticket_id and r.created_at is not null offset 0) x
         where c.kind = 'state');
    insert into reporting_tickets as r (workflow_id, ticket_id, created_at, state)
    select workflow, c.ticket_id, (c.details ->> 'created_at')::timestamptz, c.details from unnest(changes) c where c.kind = 'state'
    on conflict (workflow_id, ticket_id) do update set created_at = excluded.created_at, state = excluded.state;
    with
    -- Stays that came and stays that went.
    stays as (
        select c.column_key, c.started_at, c.ended_at, 1 as sign from unnest(changes) c where c.kind = 'column'
        union all
        select r.column_key, r.started_at, r.ended_at, -1 from unnest(removed) r where r.kind = 'column'
    ),
    -- Their ends, counted by quarter.
    counted as materialized (
        select logic.quarter_of(e.at) as quarter, s.column_key, sum(s.sign * e.entered) as entered, sum(s.sign * e.departed) as departed
          from stays s cross join lateral (values (s.started_at, 1, 0), (s.ended_at, 0, 1)) e (at, entered, departed)
         where e.at is not null and s.column_key is not null
         group by 1, 2
    ),
    -- The same by day.
    days as (
        insert into reporting_flow_days as d (workflow_id, day, column_key, net)
        select workflow, (c.quarter at time zone 'UTC')::date, c.column_key, sum(c.entered - c.departed) from counted c
         group by 1, 2, 3 having sum(c.entered - c.departed) <> 0
        on conflict (workflow_id, day, column_key) do update set net = d.net + excluded.net
    )
    insert into reporting_flow as f (workflow_id, quarter, column_key, entered, "left")
    select workflow, c.quarter, c.column_key, c.entered, c.departed from counted c where c.entered <> 0 or c.departed <> 0
    on conflict (workflow_id, quarter, column_key) do update set entered = f.entered + excluded.entered, "left" = f."left" + excluded."left";
    -- Creations and completions that came, less those that went.
    insert into reporting_counts as n (workflow_id, quarter, created, completed, points, without_points)
    select workflow, logic.quarter_of(x.at), sum(x.created), sum(x.sign * x.completed), sum(x.sign * x.points), sum(x.sign * x.without_points)
      from (select (c.details ->> 'created_at')::timestamptz as at, 1 as created, 1 as sign, 0 as completed, 0::numeric as points, 0 as without_points
              from unnest(changes) c where c.kind = 'state' and c.details ->> 'created_at' is not null
            union all
            select b.created_at, -1, 1, 0, 0, 0 from unnest(created_before) b (created_at)
            union all
            select c.started_at, 0, 1, 1, coalesce((c.details ->> 'points')::numeric, 0), (c.details ->> 'points' is null)::int
              from unnest(changes) c where c.kind = 'done'
            union all
            select r.started_at, 0, -1, 1, coalesce(r.story_points::numeric, 0), (r.story_points is null)::int
              from unnest(removed) r where r.kind = 'done') x
     group by 2
    having sum(x.created) <> 0 or sum(x.sign * x.completed) <> 0 or sum(x.sign * x.points) <> 0 or sum(x.sign * x.without_points) <> 0
    on conflict (workflow_id, quarter) do update set created = n.created + excluded.created, completed = n.completed + excluded.completed,
        points = n.points + excluded.points, without_points = n.without_points + excluded.without_points;
end
$$;

-- Stores the past of a workflow up to its newest event, at most `max_events` of them and the rest of their last transaction;
-- returns how many were read. Servers call it with their looks for findings. Lock order: the row of reporting_progress, which
-- nothing else locks.
create function logic.refresh_reporting(workflow text, max_events bigint default 20000) returns bigint language plpgsql as $$
declare
    base bigint;
    top bigint;
begin
    select least(s.last_seq, coalesce(p.seq, 0) + max_events), coalesce(p.seq, 0) into top, base
      from streams s left join reporting_progress p on p.workflow_id = workflow
     where s.stream_id = 'workflow:' || workflow;
    if top is null or top <= base then
        return 0;
    end if;
    -- A transaction is read as a whole: what follows in it can change what came before, as with merges.
    top := greatest(top, (
        select max(h.seq) from history h
         where h.stream_id = 'workflow:' || workflow and h.seq >= top
           and h.xid = (select o.xid from history o where o.stream_id = 'workflow:' || workflow and o.seq = top)));
    insert into reporting_progress (workflow_id) values (workflow) on conflict do nothing;
    select p.seq into base from reporting_progress p where p.workflow_id = workflow for no key update skip locked;
    if not found or base >= top then
        return 0;
    end if;
    perform logic.store_flow_changes(workflow, array(select c from logic.flow_changes(workflow, top) c));
    update reporting_progress p set seq = top, refreshed_at = clock_timestamp() where p.workflow_id = workflow;
    return top - base;
end
$$;

-- The same for all workflows, for about as many seconds. Housekeeping.
create function logic.refresh_all_reporting(seconds double precision default 3600) returns void language plpgsql as $$
declare
    workflow text;
    until constant timestamptz := clock_timestamp() + make_interval(secs => seconds);
begin
    for workflow in select w.id from workflows w order by w.id loop
        while clock_timestamp() < until and logic.refresh_reporting(workflow) > 0 loop
        end loop;
    end loop;
end
$$;
