-- The past after the number up to which it is stored, as rows that replace the stored open spans of the changed tickets.

-- What an event sets. `recorded_at` is the time of its row in history; an imported ticket has steps at earlier times.
create type logic.flow_event as (
    place bigint, at timestamptz, recorded_at timestamptz, change_type text, is_estimated boolean, patch jsonb
);

-- The version of a column at a time.
create function logic.column_version_at(workflow text, status text, at timestamptz) returns public.board_column_versions
language sql stable
begin atomic
    select v from public.board_column_versions v
     where v.workflow_id = column_version_at.workflow and v.id = column_version_at.status
     order by v.valid_from <= column_version_at.at and coalesce(v.valid_to > column_version_at.at, true) desc, v.valid_from desc limit 1;
end;

-- The events of a workflow after `base` up to `top`, by ticket. Where a time was corrected, all events of the ticket, whose past is
-- computed again, if history still has it.
create function logic.flow_events(workflow text, base bigint, top bigint)
returns table (ticket_id text, is_redone boolean, events logic.flow_event[])
language sql stable set search_path = public, pg_temp rows 1000
begin atomic
    with
    -- The events after the stored part.
    fresh as materialized (
        select h.ticket_id, h.seq, h.change_type, h.field_name, h.metadata, h.changed_at, h.xid
          from history h
         where h.stream_id = 'workflow:' || workflow and h.seq > base and h.seq <= top and h.ticket_id is not null
           and logic.is_flow_event(h.change_type, h.field_name)
    ),
    -- The tickets of which a time was corrected.
    redone as materialized (
        select distinct f.ticket_id from fresh f
         where f.change_type = 'field_updated' and f.field_name = 'times' and base > 0
           and exists (select from history h where h.ticket_id = f.ticket_id and h.stream_id = 'workflow:' || workflow and h.change_type = 'created')
    ),
    -- All events to look at.
    events as materialized (
        select f.* from fresh f
        union all
        select h.ticket_id, h.seq, h.change_type, h.field_name, h.metadata, h.changed_at, h.xid
          from redone r
          join history h on h.ticket_id = r.ticket_id and h.stream_id = 'workflow:' || workflow and h.seq <= base
           and logic.is_flow_event(h.change_type, h.field_name)
    ),
    -- The last correction of each ticket's creation.
    corrected as materialized (
        select distinct on (e.ticket_id) e.ticket_id, e.metadata #>> '{changes,created_at}' as created_at
          from events e where e.change_type = 'field_updated' and e.field_name = 'times'
         order by e.ticket_id, e.seq desc
    ),
    -- The transactions that merged a ticket. What they did to it before, moving it to a done column, completes no work.
    merged as materialized (
        select e.ticket_id, e.xid from events e where e.change_type = 'ticket_merged'
    ),
    -- Where the tickets stood that were begun before they were imported.
    start as materialized (
        select (select b.initial_status from boards b where b.workflow_id = workflow) as initial_column,
               (select c.id from board_columns c where c.workflow_id = workflow and c.category = 'active' order by c.position, c.id limit 1) as active_column
    ),
    -- What each event sets; the creation of a ticket in up to 1,000 steps.
    steps as (
        select e.ticket_id, (e.seq * 1024, e.changed_at, e.changed_at, e.change_type, false,
                    logic.event_patch(e.change_type, e.field_name, e.metadata))::logic.flow_event as event
          from events e left join merged m on m.ticket_id = e.ticket_id and m.xid = e.xid
         where e.change_type <> 'created' and (m.ticket_id is null or e.change_type = 'ticket_merged')
        union all
        select e.ticket_id, (e.seq * 1024 + s.step, s.at, e.changed_at, e.change_type, s.is_estimated, s.patch)::logic.flow_event
          from events e
          left join corrected c on c.ticket_id = e.ticket_id
         cross join start b
         cross join lateral logic.creation_steps(e.metadata -> 'ticket', e.changed_at, c.created_at, b.initial_column, b.active_column,
                (logic.column_version_at(workflow, e.metadata #>> '{ticket,status}', e.changed_at)).category) s
         where e.change_type = 'created'
    )
    select s.ticket_id, exists (select from redone r where r.ticket_id = s.ticket_id), array_agg(s.event order by (s.event).place)
      from steps s group by s.ticket_id;
end;

-- What stands for being in a milestone: with the story points, so that other points begin another span.
create function logic.milestone_span_value(milestone text, points double precision) returns text language sql immutable parallel safe
begin atomic
    select milestone || ' ' || coalesce(points::text, '');
end;

-- The stored open spans of a ticket, by kind in the order of logic.flow_changes.
create function logic.open_spans(workflow text, ticket text)
returns table (held text[], places bigint[], started timestamptz[], estimated boolean[], column_key bigint, category text, completion jsonb)
language sql stable rows 1
begin atomic
    select array_agg(case s.kind when 'milestone' then logic.milestone_span_value(s.value, s.story_points) else s.value end order by k.position),
           array_agg(s.place order by k.position), array_agg(s.started_at order by k.position),
           array_agg(s.is_estimated order by k.position), max(s.column_key), max(s.category),
           (array_agg(jsonb_build_object('created_at', s.created_at, 'started_at', s.began_at, 'points', s.story_points, 'type', s.ticket_type,
                'priority', s.priority, 'assignee', s.assignee_id, 'active', s.active_seconds, 'waited', s.blocked_seconds)) filter (where s.kind = 'done'))[1]
      from (values (1, 'column'), (2, 'assignee'), (3, 'blocked'), (4, 'done'), (5, 'milestone')) k (position, kind)
      -- By the primary key: the index by end has all open spans of the workflow in one place.
      left join public.reporting_spans s on s.workflow_id = open_spans.workflow and s.ticket_id = open_spans.ticket and s.kind = k.kind
       and coalesce(s.ended_at, 'infinity') = 'infinity';
end;

-- A span as a row. A completion has the time and the dates that the ticket had last: they may have been corrected.
create function logic.flow_span(ticket text, kind text, place bigint, value text, column_key bigint, category text, started_at timestamptz,
                                ended_at timestamptz, ended_by text, is_estimated boolean, completion jsonb, state jsonb)
returns logic.flow_change language sql stable parallel safe
begin atomic
    select (ticket, kind, place, case kind when 'milestone' then split_part(value, ' ', 1) else value end, case kind when 'column' then column_key end, case kind when 'column' then category end,
            case kind when 'done' then value::timestamptz else started_at end,
            case when ended_at is not null then greatest(ended_at, case kind when 'done' then value::timestamptz else started_at end) end, ended_by, is_estimated,
            case kind when 'done' then completion || jsonb_build_object('created_at', state -> 'created_at', 'started_at', state -> 'started_at')
                      when 'milestone' then jsonb_build_object('points', nullif(split_part(value, ' ', 2), '')::float8) end,
            false)::logic.flow_change;
end;

-- The changes up to the number `until`; defaults to all. Goes through the events of each ticket with the state that they lead to. Runs
-- with the rights of its owner, because views for the reporting role call it.
create function logic.flow_changes(workflow text, until bigint default null) returns setof logic.flow_change
language plpgsql stable security definer set search_path = public, pg_temp rows 100
-- Planning takes longer than adding a few events.
set plan_cache_mode = 'force_generic_plan' as $$
declare
    kinds constant text[] := '{column,assignee,blocked,done,milestone}';
    base constant bigint := coalesce((select p.seq from reporting_progress p where p.workflow_id = workflow), 0);
    top constant bigint := coalesce(until, (select s.last_seq from streams s where s.stream_id = 'workflow:' || workflow), 0);
    one record;
    e logic.flow_event;
    -- The state after and before the event, and parts of it.
    state jsonb;
    before jsonb;
    at timestamptz;
    status text;
    category text;
    completed text;
    is_on boolean;
    -- The last looked-up version of each column.
    versions jsonb := '{}';
    version public.board_column_versions;
    -- Of each kind what holds after the event; and of the open span its value, place and so on.
    holds text[];
    held text[];
    places bigint[];
    started timestamptz[];
    estimated boolean[];
    column_key bigint;
    column_category text;
    completion jsonb;
    -- Seconds so far; and whether the ticket has been worked on, or blocked, since the event before.
    active double precision;
    waited double precision;
    is_active boolean;
    is_waiting boolean;
begin
    if top <= base then
        return;
    end if;
    for one in
        select f.ticket_id, f.is_redone, f.events, r.state, o.held, o.places, o.started, o.estimated, o.column_key, o.category, o.completion
          from logic.flow_events(workflow, base, top) f
          -- Looked up one by one, whatever statistics say.
          left join lateral (
            select t.state from reporting_tickets t where t.workflow_id = flow_changes.workflow and t.ticket_id = f.ticket_id offset 0) r
            on base > 0 and not f.is_redone
          left join lateral logic.open_spans(workflow, f.ticket_id) o on base > 0 and not f.is_redone
    loop
        state := one.state;
        held := one.held;
        places := one.places;
        started := one.started;
        estimated := one.estimated;
        column_key := one.column_key;
        column_category := one.category;
        completion := one.completion;
        at := (state ->> 'at')::timestamptz;
        active := coalesce((state ->> 'active')::float8, 0);
        waited := coalesce((state ->> 'waited')::float8, 0);
        completed := state ->> 'completed_at';
        is_on := coalesce((state ->> 'on')::boolean, false) and completed is null;
        is_waiting := is_on and coalesce((state ->> 'blocked')::boolean, false);
        is_active := is_on and not is_waiting and coalesce(state ->> 'category' = 'active', false);
        foreach e in array one.events loop
            before := state;
            state := coalesce(state, '{}') || e.patch;
            -- A completion that an import brings has its own time.
            if e.change_type = 'status_changed' and completed is null and state ->> 'completed_at' is not null then
                e.at := least(e.at, (state ->> 'completed_at')::timestamptz);
            end if;
            if is_active then
                active := active + greatest(extract(epoch from e.at - at)::float8, 0);
            elsif is_waiting then
                waited := waited + greatest(extract(epoch from e.at - at)::float8, 0);
            end if;
            at := e.at;
            status := state ->> 'status';
            if version.id is distinct from status or e.recorded_at < version.valid_from or e.recorded_at >= version.valid_to then
                version := jsonb_populate_record(null::public.board_column_versions, versions -> status);
                if version.id is null or e.recorded_at < version.valid_from or e.recorded_at >= version.valid_to then
                    version := logic.column_version_at(workflow, status, e.recorded_at);
                    versions := versions || jsonb_build_object(coalesce(status, ''), to_jsonb(version));
                end if;
                category := version.category;
            end if;
            completed := state ->> 'completed_at';
            is_on := coalesce((state ->> 'on')::boolean, false);
            is_waiting := is_on and coalesce((state ->> 'blocked')::boolean, false);
            holds := array[case when is_on then status end, case when is_on then state ->> 'assignee' end, case when is_waiting then 'true' end, completed,
                case when is_on then logic.milestone_span_value(state ->> 'milestone', (state ->> 'points')::float8) end];
            is_active := is_on and not is_waiting and completed is null and coalesce(category = 'active', false);
            is_waiting := is_waiting and completed is null;
            continue when holds is not distinct from held;
            for k in 1..5 loop
                -- A renamed column and a corrected completion go on.
                continue when holds[k] is not distinct from held[k]
                    or held[k] is not null and (k = 1 and e.change_type = 'column_renamed' or k = 4 and holds[k] is not null);
                if held[k] is not null then
                    return next logic.flow_span(one.ticket_id, kinds[k], places[k], held[k], column_key, column_category, started[k], e.at, e.change_type,
                                                estimated[k], completion, before);
                end if;
                places[k] := e.place;
                started[k] := e.at;
                estimated[k] := e.is_estimated;
                if k = 1 then
                    column_key := version.column_key;
                    column_category := category;
                elsif k = 4 then
                    completion := state || jsonb_build_object('active', active, 'waited', waited);
                end if;
            end loop;
            held := holds;
        end loop;
        for k in 1..5 loop
            continue when held[k] is null;
            return next logic.flow_span(one.ticket_id, kinds[k], places[k], held[k], column_key, column_category, started[k], null, null, estimated[k], completion, state);
        end loop;
        return next (one.ticket_id, 'state', e.place, null, null, null, null, null, null, false,
            state || jsonb_build_object('at', at, 'category', category, 'active', active, 'waited', waited), one.is_redone)::logic.flow_change;
    end loop;
end
$$;

-- All spans: the stored ones, except those that later events changed, and what these made of them.
create view logic.flow_spans as
select s.workflow_id, s.ticket_id, s.kind, s.place, s.value, s.column_key, s.category, s.started_at, s.ended_at, s.ended_by, s.is_estimated,
       s.created_at, s.began_at, s.story_points, s.ticket_type, s.priority, s.assignee_id, s.active_seconds, s.blocked_seconds
  from reporting_spans s
 where not exists (
        select from workflows w cross join lateral logic.changed_tickets(w.id) t
         where w.id = s.workflow_id and t.ticket_id = s.ticket_id and (t.is_redone or s.ended_at is null))
union all
select w.id, c.ticket_id, c.kind, c.place, c.value, c.column_key, c.category, c.started_at, c.ended_at, c.ended_by, c.is_estimated,
       (c.details ->> 'created_at')::timestamptz, (c.details ->> 'started_at')::timestamptz, (c.details ->> 'points')::float8,
       c.details ->> 'type', c.details ->> 'priority', c.details ->> 'assignee', (c.details ->> 'active')::float8, (c.details ->> 'waited')::float8
  from workflows w cross join lateral logic.flow_changes(w.id) c
 where c.kind <> 'state';

-- Each ticket that ever was, with the time of its creation.
create view logic.flow_tickets as
select r.workflow_id, r.ticket_id, r.created_at
  from reporting_tickets r
 where not exists (
        select from workflows w cross join lateral logic.changed_tickets(w.id) t where w.id = r.workflow_id and t.ticket_id = r.ticket_id)
union all
select w.id, c.ticket_id, (c.details ->> 'created_at')::timestamptz
  from workflows w cross join lateral logic.flow_changes(w.id) c
 where c.kind = 'state';

-- How many tickets entered and left columns in each quarter of an hour: the stored counts, less the stored spans that later events
-- changed, and what these made of them.
create view logic.flow_counts as
select f.workflow_id, f.quarter, f.column_key, f.entered, f."left" from reporting_flow f
union all
select s.workflow_id, logic.quarter_of(e.at), s.column_key, -e.entered, -e.departed
  from workflows w
 cross join lateral logic.changed_tickets(w.id) t
  join reporting_spans s on s.workflow_id = w.id and s.ticket_id = t.ticket_id and s.kind = 'column' and (t.is_redone or s.ended_at is null)
 cross join lateral (values (s.started_at, 1, 0), (s.ended_at, 0, 1)) e (at, entered, departed)
 where e.at is not null and s.column_key is not null
union all
select w.id, logic.quarter_of(e.at), c.column_key, e.entered, e.departed
  from workflows w
 cross join lateral logic.flow_changes(w.id) c
 cross join lateral (values (c.started_at, 1, 0), (c.ended_at, 0, 1)) e (at, entered, departed)
 where c.kind = 'column' and e.at is not null and c.column_key is not null;

-- The differences of flow_counts by day in UTC.
create view logic.flow_days as
select d.workflow_id, d.day, d.column_key, d.net from reporting_flow_days d
union all
select s.workflow_id, (e.at at time zone 'UTC')::date, s.column_key, -e.net
  from workflows w
 cross join lateral logic.changed_tickets(w.id) t
  join reporting_spans s on s.workflow_id = w.id and s.ticket_id = t.ticket_id and s.kind = 'column' and (t.is_redone or s.ended_at is null)
 cross join lateral (values (s.started_at, 1), (s.ended_at, -1)) e (at, net)
 where e.at is not null and s.column_key is not null
union all
select w.id, (e.at at time zone 'UTC')::date, c.column_key, e.net
  from workflows w
 cross join lateral logic.flow_changes(w.id) c
 cross join lateral (values (c.started_at, 1), (c.ended_at, -1)) e (at, net)
 where c.kind = 'column' and e.at is not null and c.column_key is not null;

-- Creations and completions by quarter of an hour: the stored counts, less what is stored of the tickets that later events changed, and
-- what these made of them.
create view logic.ticket_counts as
select n.workflow_id, n.quarter, n.created, n.completed, n.points, n.without_points from reporting_counts n
union all
select r.workflow_id, logic.quarter_of(r.created_at), -1, 0, 0, 0
  from workflows w
 cross join lateral logic.changed_tickets(w.id) t
  join reporting_tickets r on r.workflow_id = w.id and r.ticket_id = t.ticket_id
 where r.created_at is not null
union all
select s.workflow_id, logic.quarter_of(s.started_at), 0, -1, -coalesce(s.story_points::numeric, 0), -(s.story_points is null)::int
  from workflows w
 cross join lateral logic.changed_tickets(w.id) t
  join reporting_spans s on s.workflow_id = w.id and s.ticket_id = t.ticket_id and s.kind = 'done' and (t.is_redone or s.ended_at is null)
union all
select w.id, logic.quarter_of(e.at), e.created, e.completed, e.points, e.without_points
  from workflows w
 cross join lateral logic.flow_changes(w.id) c
 cross join lateral (
    select (c.details ->> 'created_at')::timestamptz as at, 1 as created, 0 as completed, 0::numeric as points, 0 as without_points where c.kind = 'state'
    union all
    select c.started_at, 0, 1, coalesce((c.details ->> 'points')::numeric, 0), (c.details ->> 'points' is null)::int where c.kind = 'done') e
 where e.at is not null;

-- What each column is called now, or was called last.
create view logic.columns_now as
select distinct on (v.workflow_id, v.column_key) v.workflow_id, v.column_key, v.id, v.name, v.category, v.valid_to is null as is_present
  from board_column_versions v
 order by v.workflow_id, v.column_key, v.valid_to desc nulls first, v.valid_from desc;
