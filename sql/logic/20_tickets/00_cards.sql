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
       t.due_on,
       t.milestone_id,
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

-- The largest number that answers count to: a count that reads rows is as long as the list of them.
create function logic.max_count() returns int language sql immutable parallel safe begin atomic select 10000; end;

-- The tickets that are in a column now, counted up to logic.max_count.
create function logic.count_column(workflow text, status text) returns bigint language sql stable
begin atomic
    select count(*) from (
        select from tickets t
         where t.workflow_id = count_column.workflow and t.status = count_column.status and logic.is_live(t) limit logic.max_count()) counted;
end;

-- The tickets that are on a workflow's board, and those of them that are not resolved; both counted to logic.max_count. Column by
-- column, because only that is sure to read an index.
create function logic.count_tickets(workflow text, out total bigint, out open bigint) language sql stable
begin atomic
    select least(coalesce(sum(n.total), 0), logic.max_count()), least(coalesce(sum(n.open), 0), logic.max_count())
      from (select logic.count_column(c.workflow_id, c.id) as total, (
                    select count(*) from (
                        select from tickets t
                         where t.workflow_id = c.workflow_id and t.status = c.id and logic.is_live(t) and not t.is_resolved
                         limit logic.max_count()) counted) as open
              from board_columns c where c.workflow_id = count_tickets.workflow) n;
end;

-- How many cards of a done column a board shows: work that is done piles up for ever.
create function logic.done_cards_shown() returns int language sql immutable parallel safe begin atomic select 200; end;

-- The cards of a board as JSON text: all of its other columns, and of each done column the last ones in the column's order,
-- where finished tickets arrive. Columns, blockers and counts are looked up one by one, so that the plan does not depend on
-- how many tickets are done.
create function logic.board_tickets_json(workflow text) returns text language sql stable
begin atomic
    select coalesce(json_agg(card)::text, '[]')
      from (select t.*, cardinality(t.blocked_by_ticket_ids) > 0 as is_blocked
      from (
        select t.*,
               array(select b.blocked_by_ticket_id from logic.active_blockers b
                      where b.ticket_id = t.ticket_id order by b.blocked_by_ticket_id) as blocked_by_ticket_ids,
               (select count(*) from ticket_comments c
                 where c.workflow_id = board_tickets_json.workflow and c.ticket_id = t.ticket_id and c.deleted_at is null) as comment_count,
               (select count(*) from ticket_commits m
                 where m.workflow_id = board_tickets_json.workflow and m.ticket_id = t.ticket_id) as commit_count
          from board_columns k
         cross join lateral (
               select c.* from logic.card_columns c
                where c.workflow_id = k.workflow_id and c.status = k.id and c.merged_into_ticket_id is null
                order by c.rank desc, c.number desc limit case k.category when 'done' then logic.done_cards_shown() end) t
         where k.workflow_id = board_tickets_json.workflow
         -- So that each list of blockers is made once.
        offset 0) t) card;
end;

-- What a board leaves out: for each done column with more tickets than it shows, how many more (logic.max_count) and the
-- cursor with which `GET /api/tickets?status=…&sort_by=rank` (descending) continues before the shown ones.
create function logic.board_left_out_json(workflow text) returns jsonb language sql stable
begin atomic
    select coalesce(jsonb_agg(jsonb_build_object('status', c.id, 'count', n.n - logic.done_cards_shown(),
               'cursor', logic.make_cursor('tickets', jsonb_build_array(board_left_out_json.workflow,
                    jsonb_build_object('status', jsonb_build_array(c.id)), 'rank', 'desc'),
                    jsonb_build_array(last.rank, last.number, s.last_seq))) order by c.position, c.id), '[]')
      from board_columns c
      join streams s on s.stream_id = 'workflow:' || c.workflow_id
     cross join lateral (select logic.count_column(c.workflow_id, c.id) as n) n
     cross join lateral (
            -- The first card that is shown.
            select t.rank, t.number from tickets t
             where t.workflow_id = c.workflow_id and t.status = c.id and logic.is_live(t)
             order by t.rank desc, t.number desc offset logic.done_cards_shown() - 1 limit 1) last
     where c.workflow_id = board_left_out_json.workflow and c.category = 'done' and n.n > logic.done_cards_shown();
end;

-- How many tickets a list inside another answer holds at most.
create function logic.max_references() returns int language sql immutable parallel safe begin atomic select 200; end;

-- A short reference to a ticket inside another answer; also for deleted tickets, which are marked, so that links stay
-- readable.
create function logic.ticket_reference_json(id text) returns jsonb language sql stable
begin atomic
    select jsonb_build_object('ticket_id', t.id, 'key', 'TKT-' || t.number, 'title', t.title,
                              'status', t.status, 'is_resolved', t.is_resolved, 'priority', t.priority)
           || case when t.deleted_at is null then '{}'::jsonb else '{"deleted": true}' end
      from tickets t where t.id = ticket_reference_json.id;
end;

-- References to tickets in the given order, and no more than fit in a list.
create function logic.ticket_references_json(ids text[]) returns jsonb language sql stable
begin atomic
    select coalesce(jsonb_agg(logic.ticket_reference_json(u.id) order by u.place), '[]')
      from unnest(ids[:logic.max_references()]) with ordinality u (id, place);
end;
