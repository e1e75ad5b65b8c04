-- Tickets as they are now, and what hangs on them. Figures about the past come from 30_history.sql instead.

create view reporting.tickets as
select t.id as ticket_id, t.workflow_id, w.name as workflow, 'TKT-' || t.number as key, t.title, t.ticket_type, t.priority,
       t.status, c.name as status_name, c.category as status_category, t.assigned_agent_id, a.name as assigned_to,
       t.created_by_agent_id, t.tags, t.story_points, t.estimate_minutes, t.spent_minutes, t.is_resolved,
       exists (select from public.ticket_blockers b where b.ticket_id = t.id and b.released_at is null) as is_blocked,
       t.created_at, t.updated_at, t.started_at, t.completed_at,
       t.completed_at - t.created_at as lead_time,
       t.completed_at - t.started_at as cycle_time,
       t.parent_ticket_id, t.external_ref, t.approval_status, t.due_on,
       not t.is_resolved and coalesce(t.due_on < (now() at time zone w.time_zone)::date, false) as is_overdue,
       t.milestone_id, (select m.name from public.milestones m where m.id = t.milestone_id) as milestone
  from public.tickets t
  join public.workflows w on w.id = t.workflow_id
  join public.board_columns c on c.workflow_id = t.workflow_id and c.id = t.status
  left join public.actors a on a.id = t.assigned_agent_id
 where t.deleted_at is null and t.merged_into_ticket_id is null;

create view reporting.comments as
select c.workflow_id, c.ticket_id, c.id as comment_id, c.parent_id as parent_comment_id, c.comment_type, c.agent_id, a.name as agent,
       c.comment_text, c.mentions, c.is_edited, c.created_at, c.updated_at
  from public.ticket_comments c
  left join public.actors a on a.id = c.agent_id
 where c.deleted_at is null;

create view reporting.commits as
select m.workflow_id, m.ticket_id, m.commit_sha, m.commit_message, m.author, m.commit_timestamp, m.files_changed, m.insertions, m.deletions,
       m.link_method, m.agent_id, m.linked_at
  from public.ticket_commits m;

create view reporting.blockers as
select b.workflow_id, b.ticket_id, b.blocked_by_ticket_id, b.created_at as blocked_at, b.released_at,
       b.released_at is null as is_active,
       coalesce(b.released_at, now()) - b.created_at as duration
  from public.ticket_blockers b;

create view reporting.merges as
select m.workflow_id, m.ticket_id, m.into_ticket_id, m.merged_at, m.merged_by, a.name as merged_by_name
  from public.ticket_merges m
  left join public.actors a on a.id = m.merged_by;

create view reporting.likely_duplicates as
select d.workflow_id, d.ticket_id, d.other_ticket_id, d.similarity, d.found_at
  from public.likely_duplicates d;

create view reporting.findings as
select f.id as finding_id, f.workflow_id, f.kind, f.ticket_id, f.agent_id, f.subject, f.message, f.since, f.opened_at, f.closed_at,
       coalesce(f.closed_at, now()) - f.opened_at as open_for
  from public.findings f;
