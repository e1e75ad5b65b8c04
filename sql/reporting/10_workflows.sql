-- Workflows, their columns and members. Names of views and columns are stable, because external dashboards use them; columns are
-- added at the end. Nothing here shows secrets. Each view and column has a comment (80_comments.sql).

create view reporting.workflows as
select w.id as workflow_id, w.name, w.ticket_tracking, w.created_at, w.archived_at,
       (select count(*) from public.workflow_members m where m.workflow_id = w.id) as members, w.time_zone
  from public.workflows w;

create view reporting.columns as
select c.workflow_id, c.id as status, c.name as status_name, c.category as status_category, c.position, c.wip_limit,
       (select count(*) from public.tickets t
         where t.workflow_id = c.workflow_id and t.status = c.id and t.deleted_at is null and t.merged_into_ticket_id is null) as tickets
  from public.board_columns c;

create view reporting.members as
select m.workflow_id, m.actor_id, a.name as actor, a.kind, m.role, m.added_at, m.added_by
  from public.workflow_members m
  join public.actors a on a.id = m.actor_id;

create view reporting.actors as
select a.id as actor_id, a.name as actor, a.kind, a.owner_id, o.name as owner, a.is_admin, a.created_at, a.disabled_at
  from public.actors a
  left join public.actors o on o.id = a.owner_id;
