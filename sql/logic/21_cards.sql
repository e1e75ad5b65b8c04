-- The card: a ticket as boards, lists and `ticket_created` events show it.

create view logic.cards as
select t.id as ticket_id,
       'TKT-' || t.number as key,
       t.number,
       t.workflow_id,
       t.title,
       t.ticket_type,
       t.priority,
       t.status,
       t.rank,
       t.assigned_agent_id,
       t.created_by_agent_id,
       t.parent_ticket_id,
       t.tags,
       coalesce(b.ids, '{}') as blocked_by_ticket_ids,
       b.ids is not null as is_blocked,
       t.is_resolved,
       (select count(*) from ticket_comments c where c.ticket_id = t.id and c.deleted_at is null) as comment_count,
       (select count(*) from ticket_commits m where m.ticket_id = t.id) as commit_count,
       t.story_points,
       t.estimate_minutes,
       t.spent_minutes,
       t.version,
       t.created_at,
       t.updated_at,
       t.started_at,
       t.completed_at
  from tickets t
  left join lateral (
       select array_agg(k.blocked_by_ticket_id order by k.blocked_by_ticket_id) as ids
         from ticket_blockers k where k.ticket_id = t.id
  ) b on true
 where t.deleted_at is null;

-- A short mention of a ticket inside another answer; also for deleted ones, so that links stay readable.
create function logic.ticket_ref(id text) returns jsonb language sql stable
begin atomic
    select jsonb_build_object('ticket_id', t.id, 'key', 'TKT-' || t.number, 'title', t.title,
                              'status', t.status, 'is_resolved', t.is_resolved, 'priority', t.priority)
      from tickets t where t.id = ticket_ref.id;
end;
