-- The past, from history: deleted and merged tickets, and columns that were renamed or removed, are in it as they were.

-- A stream at a time, so that a filter by workflow reads that workflow's rows.
create view reporting.changes as
select s.workflow_id, h.stream_id, h.seq, h.ticket_id, 'TKT-' || t.number as key, h.change_type, h.field_name, h.old_value, h.new_value,
       h.change_description, coalesce(h.on_behalf_of, h.actor_id) as agent_id, h.actor_id, h.changed_at, h.job_id
  from public.streams s
  join public.history h on h.stream_id = s.stream_id
  left join public.tickets t on t.id = h.ticket_id and t.workflow_id = s.workflow_id
 where s.stream_id not like 'job:%';

create view reporting.ticket_history as
select h.seq as id, h.ticket_id, coalesce(h.on_behalf_of, h.actor_id) as agent_id, h.change_type, h.field_name, h.old_value, h.new_value,
       h.change_description, h.metadata, h.changed_at, w.id as workflow_id, h.actor_id
  from public.workflows w
  join public.history h on h.stream_id = 'workflow:' || w.id
 where h.ticket_id is not null;

create view reporting.stays as
select s.workflow_id, s.ticket_id, s.value as status, s.started_at as entered_at, s.ended_at as left_at,
       coalesce(s.ended_at, now()) - s.started_at as duration,
       s.category as status_category, c.id as column_now, c.name as column_name, s.ended_by, s.is_estimated, s.column_key
  from logic.flow_spans s
  left join logic.columns_now c on c.workflow_id = s.workflow_id and c.column_key = s.column_key
 where s.kind = 'column';

-- Only what is added up; reading names for each row takes longer than reading the row.
create view reporting.column_times as
select s.workflow_id, s.column_key, s.started_at as entered_at, s.ended_at as left_at, date_part('epoch', s.ended_at - s.started_at) as seconds, s.ended_by
  from logic.flow_spans s
 where s.kind = 'column';

create view reporting.assignments as
select s.workflow_id, s.ticket_id, s.value as agent_id, a.name as agent, s.started_at as assigned_at, s.ended_at,
       coalesce(s.ended_at, now()) - s.started_at as duration, s.ended_by
  from logic.flow_spans s
  left join public.actors a on a.id = s.value
 where s.kind = 'assignee';

create view reporting.blocked_times as
select s.workflow_id, s.ticket_id, s.started_at as blocked_at, s.ended_at as unblocked_at,
       coalesce(s.ended_at, now()) - s.started_at as duration, s.ended_by
  from logic.flow_spans s
 where s.kind = 'blocked';

create view reporting.creations as
select t.workflow_id, t.ticket_id, t.created_at
  from logic.flow_tickets t;

create view reporting.completions as
select s.workflow_id, s.ticket_id, s.started_at as completed_at, s.ended_at as reopened_at, s.created_at, s.began_at as started_at,
       s.started_at - s.created_at as lead_time, s.started_at - s.began_at as cycle_time,
       make_interval(secs => s.active_seconds) as active_time, make_interval(secs => s.blocked_seconds) as blocked_time,
       s.story_points, s.ticket_type, s.priority, s.assignee_id as agent_id, s.is_estimated,
       coalesce(s.started_at < s.created_at or s.started_at < s.began_at or s.began_at < s.created_at or s.started_at > now() + interval '1 minute',
                false) as is_suspect
  from logic.flow_spans s
 where s.kind = 'done';

-- Few rows of many, found by an index: the conditions are those of reporting_spans_suspect.
create view reporting.quality as
select c.workflow_id, c.ticket_id, 'TKT-' || t.number as key, r.reason, c.created_at, c.started_at, c.completed_at, c.is_suspect as is_excluded
  from (select c.* from reporting.completions c
         where c.started_at is null or c.started_at < c.created_at or c.completed_at < c.started_at or c.completed_at < c.created_at
        union all
        select c.* from reporting.completions c
         where c.completed_at > now() + interval '1 minute'
           and not coalesce(c.started_at is null or c.started_at < c.created_at or c.completed_at < c.started_at or c.completed_at < c.created_at, false)) c
  left join public.tickets t on t.id = c.ticket_id and t.workflow_id = c.workflow_id
 cross join lateral (values
        (c.completed_at < c.created_at, 'completed_before_created'),
        (c.completed_at < c.started_at, 'completed_before_started'),
        (c.started_at < c.created_at, 'started_before_created'),
        (c.completed_at > now() + interval '1 minute', 'completed_in_the_future'),
        (c.started_at is null, 'start_unknown')) r (holds, reason)
 where r.holds;

create view reporting.counts as
select n.workflow_id, n.quarter, n.created, n.completed, n.points::float8 as story_points, n.without_points
  from logic.ticket_counts n;

create view reporting.daily as
select c.workflow_id, (c.quarter at time zone w.time_zone)::date as day, sum(c.created) as created, sum(c.completed) as completed
  from reporting.counts c join public.workflows w on w.id = c.workflow_id
 group by c.workflow_id, 2
having sum(c.created) <> 0 or sum(c.completed) <> 0;

create view reporting.column_names as
select n.workflow_id, n.column_key, n.id as column_now, n.name as column_name, n.category as status_category, c.position, n.is_present
  from logic.columns_now n
  left join public.board_columns c on n.is_present and c.workflow_id = n.workflow_id and c.id = n.id;

create view reporting.column_flow as
select f.workflow_id, f.quarter, f.column_key, f.entered, f."left", f.entered - f."left" as net
  from logic.flow_counts f;

create view reporting.column_flow_days as
select d.workflow_id, d.day, d.column_key, d.net
  from logic.flow_days d;
