-- The past after the number up to which it is stored, as rows that replace the stored open spans of the changed tickets.

-- The changes up to the number `until`; defaults to all. Runs with the rights of its owner, because views for the reporting role
-- call it.
create function logic.flow_changes(workflow text, until bigint default null) returns setof logic.flow_change
language plpgsql stable security definer set search_path = public, pg_temp rows 100
-- Planning takes longer than adding a few events.
set plan_cache_mode = 'force_generic_plan' as $$
declare
    stream constant text := 'workflow:' || workflow;
    base constant bigint := coalesce((select p.seq from reporting_progress p where p.workflow_id = workflow), 0);
    top constant bigint := coalesce(until, (select s.last_seq from streams s where s.stream_id = stream), 0);
    initial_column text;
    active_column text;
begin
    if top <= base then
        return;
    end if;
    initial_column := (select b.initial_status from boards b where b.workflow_id = workflow);
    active_column := (select c.id from board_columns c where c.workflow_id = workflow and c.category = 'active' order by c.position, c.id limit 1);
    return query
    with
    -- The events after the stored part.
    fresh as materialized (
        select h.ticket_id, h.seq, h.change_type, h.field_name, h.new_value, h.metadata, h.changed_at, h.xid
          from history h
         where h.stream_id = stream and h.seq > base and h.seq <= top and h.ticket_id is not null and logic.is_flow_event(h.change_type, h.field_name)
    ),
    -- Their tickets. Where a time was corrected, the ticket's past is computed again, if history still has it.
    touched as materialized (
        select f.ticket_id, bool_or(f.change_type = 'field_updated' and f.field_name = 'times') and base > 0 and exists (
                   select from history h where h.ticket_id = f.ticket_id and h.stream_id = stream and h.change_type = 'created') as is_redone
          from fresh f group by f.ticket_id
    ),
    -- All events to look at.
    events as materialized (
        select * from fresh
        union all
        select h.ticket_id, h.seq, h.change_type, h.field_name, h.new_value, h.metadata, h.changed_at, h.xid
          from touched t join history h on h.ticket_id = t.ticket_id and h.stream_id = stream and h.seq <= base and logic.is_flow_event(h.change_type, h.field_name)
         where t.is_redone
    ),
    -- The last correction of each ticket's creation.
    corrected as (
        select distinct on (e.ticket_id) e.ticket_id, e.metadata #>> '{changes,created_at}' as created_at
          from events e where e.change_type = 'field_updated' and e.field_name = 'times'
         order by e.ticket_id, e.seq desc
    ),
    -- The transactions that merged a ticket. What they did to it before, moving it to a done column, completes no work.
    merged as (
        select e.ticket_id, e.xid from events e where e.change_type = 'ticket_merged'
    ),
    -- What each event sets, by ticket and place; before them the stored state. A creation has up to 1,000 steps.
    patches as (
        select r.ticket_id, -1::bigint as place, null::timestamptz as at, null::timestamptz as recorded_at, r.state as patch, null::text as change_type,
               false as is_estimated
          from touched t join reporting_tickets r on r.workflow_id = workflow and r.ticket_id = t.ticket_id
         where not t.is_redone
        union all
        select e.ticket_id, e.seq * 1024, e.changed_at, e.changed_at, logic.event_patch(e.change_type, e.field_name, e.metadata), e.change_type, false
          from events e left join merged m on m.ticket_id = e.ticket_id and m.xid = e.xid
         where e.change_type <> 'created' and (m.ticket_id is null or e.change_type = 'ticket_merged')
        union all
        select e.ticket_id, e.seq * 1024 + s.step, s.at, e.changed_at, s.patch, e.change_type, s.is_estimated
          from events e
          left join corrected c on c.ticket_id = e.ticket_id
         cross join lateral logic.creation_steps(e.metadata -> 'ticket', e.changed_at, c.created_at, initial_column, active_column,
                (select v.category from board_column_versions v where v.workflow_id = workflow and v.id = e.metadata #>> '{ticket,status}'
                  order by v.valid_from <= e.changed_at desc, v.valid_from desc limit 1)) s
         where e.change_type = 'created'
    ),
    -- The state after each of them.
    merged_states as (
        select p.*, logic.merge_objects(p.patch) over (partition by p.ticket_id order by p.place) as state from patches p
    ),
    -- The same as columns, and the state before.
    states as (
        select m.ticket_id, m.place, m.recorded_at, m.change_type, m.is_estimated, m.state, v.column_key,
               case when m.place < 0 then m.state ->> 'category' else v.category end as category,
               coalesce(m.state -> 'on' = 'true', false) as is_on, coalesce(m.state -> 'blocked' = 'true', false) as is_blocked,
               m.state ->> 'status' as status, m.state ->> 'completed_at' as completed_at,
               case when m.place < 0 then (m.state ->> 'at')::timestamptz
                    -- A completion that an import brings has its own time.
                    when m.change_type = 'status_changed' and lag(m.state ->> 'completed_at') over ticket is null and m.state ->> 'completed_at' is not null
                    then least(m.at, (m.state ->> 'completed_at')::timestamptz) else m.at end as at
          from merged_states m
          left join lateral (
                select v.column_key, v.category from board_column_versions v
                 where v.workflow_id = workflow and v.id = m.state ->> 'status' and m.place >= 0
                 order by v.valid_from <= m.recorded_at and coalesce(v.valid_to > m.recorded_at, true) desc, v.valid_from desc limit 1) v on true
        window ticket as (partition by m.ticket_id order by m.place)
    ),
    -- How long the ticket was worked on, and how long it was blocked, until each of them.
    timed as materialized (
        select s.*,
               coalesce((first_value(s.state) over ticket ->> 'active')::float8, 0) + coalesce(sum(s.was_active) over ticket, 0) as active,
               coalesce((first_value(s.state) over ticket ->> 'waited')::float8, 0) + coalesce(sum(s.was_blocked) over ticket, 0) as waited
          from (select s.*,
                       case when lag(s.is_on and s.category = 'active' and not s.is_blocked and s.completed_at is null) over ticket
                            then greatest(extract(epoch from s.at - lag(s.at) over ticket)::float8, 0) end as was_active,
                       case when lag(s.is_on and s.is_blocked and s.completed_at is null) over ticket
                            then greatest(extract(epoch from s.at - lag(s.at) over ticket)::float8, 0) end as was_blocked
                  from states s window ticket as (partition by s.ticket_id order by s.place)) s
        window ticket as (partition by s.ticket_id order by s.place)
    ),
    -- What holds of each kind from each place on, null if nothing does; and the stored open spans.
    values_by_kind as (
        select t.ticket_id, k.kind, t.place, k.value, t.at, t.change_type, t.is_estimated,
               case when k.kind = 'column' then t.column_key end as column_key, case when k.kind = 'column' then t.category end as category,
               case when k.kind = 'done' and k.value is not null
                    then t.state || jsonb_build_object('active', t.active, 'waited', t.waited) end as details
          from timed t
         cross join lateral (values ('column', case when t.is_on then t.status end), ('assignee', case when t.is_on then t.state ->> 'assignee' end),
                ('blocked', case when t.is_on and t.is_blocked then 'true' end), ('done', t.completed_at)) k (kind, value)
         where t.place >= 0
        union all
        select s.ticket_id, s.kind, s.place, s.value, s.started_at, null, s.is_estimated, s.column_key, s.category,
               jsonb_build_object('created_at', s.created_at, 'started_at', s.began_at, 'points', s.story_points, 'type', s.ticket_type,
                    'priority', s.priority, 'assignee', s.assignee_id, 'active', s.active_seconds, 'waited', s.blocked_seconds)
          from touched t join reporting_spans s on s.workflow_id = workflow and s.ticket_id = t.ticket_id and s.ended_at is null
         where not t.is_redone
    ),
    -- Numbered by span: another value begins one, except that of a renamed column or of a corrected completion.
    numbered as (
        select b.*, count(*) filter (where b.begins) over (partition by b.ticket_id, b.kind order by b.place) as island
          from (select v.*, case when v.kind = 'done' then (v.value is null) <> (lag(v.value) over part is null)
                                 when v.change_type = 'column_renamed' and v.kind = 'column' and lag(v.value) over part is not null then false
                                 else v.value is distinct from lag(v.value) over part end as begins
                  from values_by_kind v window part as (partition by v.ticket_id, v.kind order by v.place)) b
    ),
    -- One row for each span, and for each time without one in between.
    spans as (
        select n.ticket_id, n.kind, n.island, min(n.place) as place,
               (array_agg(n.value order by n.place desc))[1] as value,
               (array_agg(n.at order by n.place))[1] as at, (array_agg(n.change_type order by n.place))[1] as change_type,
               (array_agg(n.column_key order by n.place))[1] as column_key, (array_agg(n.category order by n.place))[1] as category,
               (array_agg(n.is_estimated order by n.place))[1] as is_estimated, (array_agg(n.details order by n.place))[1] as details,
               (array_agg(n.details order by n.place desc))[1] as last_details
          from numbered n where n.island > 0
         group by n.ticket_id, n.kind, n.island
    ),
    -- With their ends.
    ended as (
        select s.*, lead(s.at) over part as ended_at, lead(s.change_type) over part as ended_by
          from spans s window part as (partition by s.ticket_id, s.kind order by s.island)
    )
    select e.ticket_id, e.kind, e.place, e.value, e.column_key, e.category,
           case e.kind when 'done' then e.value::timestamptz else e.at end,
           case when e.ended_at is not null then greatest(e.ended_at, case e.kind when 'done' then e.value::timestamptz else e.at end) end, e.ended_by, e.is_estimated,
           -- Corrected times are those of the last event.
           case when e.kind = 'done' then e.details || jsonb_build_object('created_at', e.last_details -> 'created_at', 'started_at', e.last_details -> 'started_at') end,
           false
      from ended e where e.value is not null
    union all
    (select distinct on (t.ticket_id) t.ticket_id, 'state', t.place, null, null, null, null, null, null, false,
            t.state || jsonb_build_object('at', t.at, 'category', t.category, 'active', t.active, 'waited', t.waited), d.is_redone
       from timed t join touched d on d.ticket_id = t.ticket_id
      order by t.ticket_id, t.place desc);
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

-- What each column is called now, or was called last.
create view logic.columns_now as
select distinct on (v.workflow_id, v.column_key) v.workflow_id, v.column_key, v.id, v.name, v.category, v.valid_to is null as is_present
  from board_column_versions v
 order by v.workflow_id, v.column_key, v.valid_to desc nulls first, v.valid_from desc;
