-- The card: a ticket as boards, lists and `ticket_created` events show it.

-- Whether a ticket is on boards and in lists, statistics and search: neither deleted nor merged. Every query
-- uses this function for that test.
create function logic.is_live(t tickets) returns boolean language sql immutable parallel safe
begin atomic
    select t.deleted_at is null and t.merged_into_ticket_id is null;
end;

-- Whether a ticket blocks those that wait for it: live and not resolved.
create function logic.is_open(t tickets) returns boolean language sql immutable parallel safe
begin atomic
    select t.deleted_at is null and t.merged_into_ticket_id is null and not t.is_resolved;
end;

-- The blockers that hold now. An edge stays when its blocker is resolved or deleted, and holds again when that one is
-- reopened or restored; everything that asks whether a ticket is blocked reads this view.
create view logic.active_blockers as
select k.ticket_id, k.blocked_by_ticket_id, k.workflow_id from ticket_blockers k where k.released_at is null;

-- The part of a card that comes from the ticket's own row. A merged ticket has a card too, for reading it; boards
-- and lists leave it out.
create view logic.card_columns as
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
       t.merged_into_ticket_id,
       t.approval_status,
       t.tags,
       t.is_resolved,
       t.story_points,
       t.estimate_minutes,
       t.spent_minutes,
       t.version,
       t.created_at,
       t.updated_at,
       t.started_at,
       t.completed_at
  from tickets t
 where t.deleted_at is null;

-- The whole card, for one ticket or a page of them: blockers and counts are looked up by ticket.
create view logic.cards as
select t.*,
       coalesce(b.ids, '{}') as blocked_by_ticket_ids,
       b.ids is not null as is_blocked,
       (select count(*) from ticket_comments c where c.ticket_id = t.ticket_id and c.deleted_at is null) as comment_count,
       (select count(*) from ticket_commits m where m.ticket_id = t.ticket_id) as commit_count
  from logic.card_columns t
  left join lateral (
       select array_agg(k.blocked_by_ticket_id order by k.blocked_by_ticket_id) as ids
         from logic.active_blockers k where k.ticket_id = t.ticket_id
  ) b on true;

-- The same cards for a whole board, as JSON text. Blockers and counts are aggregated once for the workflow, which
-- takes half the time for ten thousand tickets.
create function logic.board_tickets_json(workflow text) returns text language sql stable
begin atomic
    select coalesce(json_agg(card)::text, '[]')
      from (
        select t.*,
               coalesce(b.ids, '{}') as blocked_by_ticket_ids,
               b.ids is not null as is_blocked,
               coalesce(c.n, 0) as comment_count,
               coalesce(m.n, 0) as commit_count
          from logic.card_columns t
          left join (
               select k.ticket_id, array_agg(k.blocked_by_ticket_id order by k.blocked_by_ticket_id) as ids
                 from logic.active_blockers k where k.workflow_id = board_tickets_json.workflow group by k.ticket_id
          ) b on b.ticket_id = t.ticket_id
          left join (
               select c.ticket_id, count(*) as n
                 from ticket_comments c where c.workflow_id = board_tickets_json.workflow and c.deleted_at is null group by c.ticket_id
          ) c on c.ticket_id = t.ticket_id
          left join (
               select m.ticket_id, count(*) as n
                 from ticket_commits m where m.workflow_id = board_tickets_json.workflow group by m.ticket_id
          ) m on m.ticket_id = t.ticket_id
         where t.workflow_id = board_tickets_json.workflow and t.merged_into_ticket_id is null
      ) card;
end;

-- A short reference to a ticket inside another answer; also for deleted tickets, which are marked, so that links stay
-- readable.
create function logic.ticket_reference_json(id text) returns jsonb language sql stable
begin atomic
    select jsonb_build_object('ticket_id', t.id, 'key', 'TKT-' || t.number, 'title', t.title,
                              'status', t.status, 'is_resolved', t.is_resolved, 'priority', t.priority)
           || case when t.deleted_at is null then '{}'::jsonb else '{"deleted": true}' end
      from tickets t where t.id = ticket_reference_json.id;
end;
