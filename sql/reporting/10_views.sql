-- Views for analysts: flat, readable, without secrets. Days are those of the workflow's time zone. Names are stable,
-- because external dashboards use them.

-- One row for each workflow.
create view reporting.workflows as
select w.id as workflow_id, w.name, w.ticket_tracking, w.created_at, w.archived_at,
       (select count(*) from public.workflow_members m where m.workflow_id = w.id) as members, w.time_zone
  from public.workflows w;

-- One row for each live ticket, with the name and category of its column and its assignee.
create view reporting.tickets as
select t.id as ticket_id, t.workflow_id, w.name as workflow, 'TKT-' || t.number as key, t.title, t.ticket_type, t.priority,
       t.status, c.name as status_name, c.category as status_category, t.assigned_agent_id, a.name as assigned_to,
       t.created_by_agent_id, t.tags, t.story_points, t.estimate_minutes, t.spent_minutes, t.is_resolved,
       exists (select from public.ticket_blockers b where b.ticket_id = t.id and b.released_at is null) as is_blocked,
       t.created_at, t.updated_at, t.started_at, t.completed_at,
       t.completed_at - t.created_at as lead_time,
       t.completed_at - t.started_at as cycle_time
  from public.tickets t
  join public.workflows w on w.id = t.workflow_id
  join public.board_columns c on c.workflow_id = t.workflow_id and c.id = t.status
  left join public.actors a on a.id = t.assigned_agent_id
 where t.deleted_at is null and t.merged_into_ticket_id is null;

-- One row for each change (as long as history is kept). Events of jobs are here without `log` messages, which are
-- only in each job's own stream.
create view reporting.changes as
select h.workflow_id, h.stream_id, h.seq, h.ticket_id, 'TKT-' || t.number as key, h.change_type, h.field_name, h.old_value, h.new_value,
       h.change_description, coalesce(h.on_behalf_of, h.actor_id) as agent_id, h.actor_id, h.changed_at, h.job_id
  from public.history h
  left join public.tickets t on t.id = h.ticket_id
 where h.stream_id not like 'job:%';

-- One row for each job, with its waiting and running time; without prompts and transcripts.
create view reporting.jobs as
select j.id as job_id, j.workflow_id, w.name as workflow, j.ticket_id, 'TKT-' || t.number as key, j.title, j.job_type, j.priority,
       j.status, j.stage, j.progress, j.attempt, j.max_attempts, j.worker, j.claimed_by, a.name as claimed_by_name, j.commit_sha, j.error,
       j.created_at, j.queued_at, j.started_at, j.finished_at,
       j.started_at - j.created_at as waited, j.finished_at - j.started_at as ran,
       (select count(*) from public.job_messages m where m.job_id = j.id) as messages
  from public.jobs j
  join public.workflows w on w.id = j.workflow_id
  left join public.tickets t on t.id = j.ticket_id
  left join public.actors a on a.id = j.claimed_by
 where j.deleted_at is null;

-- The time of each ticket in each column: one row for each stay; `left_at` is null for the current one.
create view reporting.stays as
with
-- The times at which a ticket entered a column: its creation, and every move since.
entries as (
    select t.workflow_id, t.id as ticket_id, t.created_at as entered_at,
           coalesce((select h.old_value from public.history h
                      where h.ticket_id = t.id and h.change_type in ('status_changed', 'column_renamed') order by h.seq limit 1), t.status) as status,
           0::bigint as seq, t.status as current_status
      from public.tickets t where t.deleted_at is null and t.merged_into_ticket_id is null
    union all
    select h.workflow_id, h.ticket_id, h.changed_at, h.new_value, h.seq, t.status
      from public.history h join public.tickets t on t.id = h.ticket_id and t.deleted_at is null and t.merged_into_ticket_id is null
     where h.change_type = 'status_changed'
)
select e.workflow_id, e.ticket_id,
       -- The current column by its current id, also after a renaming, which is not a move.
       case when lead(e.seq) over stay is null then e.current_status else e.status end as status, e.entered_at,
       lead(e.entered_at) over stay as left_at,
       coalesce(lead(e.entered_at) over stay, now()) - e.entered_at as duration
  from entries e
window stay as (partition by e.ticket_id order by e.seq);

-- Tickets created and completed, by workflow and day of the workflow's time zone.
create view reporting.daily as
select coalesce(m.workflow_id, f.workflow_id) as workflow_id, coalesce(m.day, f.day) as day,
       coalesce(m.created, 0) as created, coalesce(f.completed, 0) as completed
  from (select workflow_id, (t.created_at at time zone w.time_zone)::date as day, count(*) as created
          from public.tickets t join public.workflows w on w.id = t.workflow_id where deleted_at is null and merged_into_ticket_id is null group by 1, 2) m
  full join (select workflow_id, (t.completed_at at time zone w.time_zone)::date as day, count(*) as completed
          from public.tickets t join public.workflows w on w.id = t.workflow_id where deleted_at is null and merged_into_ticket_id is null and completed_at is not null group by 1, 2) f
    on f.workflow_id = m.workflow_id and f.day = m.day;

-- One row for each security event: sign-ins, keys, members, exports and the like, as long as they are kept.
create view reporting.security_events as
select e.id as event_id, e.occurred_at, e.kind, e.outcome, e.actor_id, a.name as actor, e.on_behalf_of, e.address,
       e.subject_id, s.name as subject, e.workflow_id, w.name as workflow, e.details, e.occurrences
  from public.security_events e
  left join public.actors a on a.id = e.actor_id
  left join public.actors s on s.id = e.subject_id
  left join public.workflows w on w.id = e.workflow_id;
