-- Findings about tickets. Each function reads at most logic.max_findings() rows, the longest-standing first, out of a bounded
-- number of candidates.

-- One finding as it is found. `subject` with the kind identifies it; `measured` is compared with `threshold`. `suggestion`:
-- {action, message, agent_id, ticket_id}.
create type logic.finding as (
    kind text, subject text, ticket_id text, agent_id text, other_ticket_id text, job_type text, since timestamptz,
    measured double precision, threshold double precision, message text, suggestion jsonb
);

-- How many findings of one kind are read.
create function logic.max_findings() returns int language sql immutable parallel safe begin atomic select 200; end;

-- How many rows are considered for findings of one kind.
create function logic.max_finding_candidates() returns int language sql immutable parallel safe begin atomic select 5000; end;

-- A suggestion as answers show it.
create function logic.finding_suggestion(action text, message text, agent_id text default null, ticket_id text default null)
returns jsonb language sql immutable
begin atomic
    select jsonb_build_object('action', action, 'message', message, 'agent_id', agent_id, 'ticket_id', ticket_id);
end;

-- The suggestion to give a ticket to somebody: to whom has least, if there is such an assignee.
create function logic.assignment_suggestion(loads logic.assignee_load[], most bigint, assignee text) returns jsonb language sql immutable
begin atomic
    select case
        when s.agent_id is not null then logic.finding_suggestion(case when assignee is null then 'assign' else 'reassign' end,
            format('%s it to %s, who has %s here.', case when assignee is null then 'Assign' else 'Reassign' end, s.name,
                   logic.open_tickets_text(s.open_tickets)), s.agent_id)
        when assignee is null then logic.finding_suggestion('assign', 'Assign it to a member of the workflow.')
        else logic.finding_suggestion('ask', format('Ask %s about it.',
            coalesce((select l.name from unnest(loads) l where l.agent_id = assignee limit 1), assignee)), assignee) end
      from (select) one left join logic.suggested_assignee(loads, most, assignee) s on true;
end;

-- Tickets in active columns without a change, comment, commit or report for too long. Not those that a job works on, and not
-- blocked ones, which are findings of their own. 5,000 tickets of each column are considered.
create function logic.find_stuck_tickets(workflow text, thresholds finding_thresholds, loads logic.assignee_load[])
returns setof logic.finding language sql stable
begin atomic
    with
    -- Without a change, the longest first. Column by column, because only that is sure to read an index.
    unchanged as materialized (
        select u.id, u.number, u.status, u.assigned_agent_id, u.updated_at, c.name as column_name
          from board_columns c
         cross join lateral (
                select t.id, t.number, t.status, t.assigned_agent_id, t.updated_at
                  from (select t.* from tickets t
                         where t.workflow_id = c.workflow_id and t.status = c.id and not t.is_resolved and logic.is_live(t)
                         limit logic.max_finding_candidates()) t
                 where t.updated_at < now() - make_interval(mins => thresholds.stuck_minutes::int)
                 order by t.updated_at limit 2 * logic.max_findings()) u
         where c.workflow_id = find_stuck_tickets.workflow and c.category = 'active' and thresholds.stuck_minutes > 0
         order by u.updated_at limit 2 * logic.max_findings()
    ),
    -- With the last sign of work on them.
    seen as materialized (
        select u.*, greatest(u.updated_at,
                   (select max(c.created_at) from ticket_comments c where c.ticket_id = u.id),
                   (select max(m.linked_at) from ticket_commits m where m.ticket_id = u.id),
                   (select max(a.created_at) from ticket_activities a where a.ticket_id = u.id)) as since
          from unchanged u
         where not logic.is_blocked(u.id)
           and not exists (select from jobs j where j.ticket_id = u.id and j.lease_expires_at > now())
    )
    select 'stuck', s.id, s.id, s.assigned_agent_id, null, null, s.since, floor(extract(epoch from now() - s.since) / 60)::float8,
           thresholds.stuck_minutes::float8,
           format('TKT-%s has not changed in %s for %s.', s.number, s.column_name, logic.duration_text(extract(epoch from now() - s.since))),
           logic.assignment_suggestion(loads, thresholds.max_open_tickets, s.assigned_agent_id)
      from seen s
     where s.since < now() - make_interval(mins => thresholds.stuck_minutes::int)
     order by s.since, s.id limit logic.max_findings();
end;

-- Open tickets whose oldest blocker has held for too long. 5,000 blockers are considered.
create function logic.find_long_blocked_tickets(workflow text, thresholds finding_thresholds) returns setof logic.finding language sql stable
begin atomic
    with
    -- The blockers of open tickets that have held longest. Ticket by ticket, so that it stops after enough of them.
    held as materialized (
        select k.ticket_id, k.blocked_by_ticket_id, k.created_at, t.number, t.assigned_agent_id
          from (select k.* from ticket_blockers k
                 where k.workflow_id = find_long_blocked_tickets.workflow and k.released_at is null and thresholds.blocked_minutes > 0
                   and k.created_at < now() - make_interval(mins => thresholds.blocked_minutes::int)
                 order by k.created_at limit logic.max_finding_candidates()) k
         cross join lateral (select t.number, t.assigned_agent_id from tickets t where t.id = k.ticket_id and logic.is_open(t) offset 0) t
         limit 2 * logic.max_findings()
    ),
    -- The first of each ticket.
    blocked as (
        select distinct on (h.ticket_id) h.* from held h order by h.ticket_id, h.created_at, h.blocked_by_ticket_id
    )
    select 'blocked', b.ticket_id, b.ticket_id, b.assigned_agent_id, b.blocked_by_ticket_id, null, b.created_at,
           floor(extract(epoch from now() - b.created_at) / 60)::float8, thresholds.blocked_minutes::float8,
           format('TKT-%s has been blocked by TKT-%s for %s.', b.number, o.number, logic.duration_text(extract(epoch from now() - b.created_at))),
           logic.finding_suggestion('resolve_blocker', format('Resolve TKT-%s, which is assigned to %s, or remove the blocker.',
               o.number, coalesce(o.assignee, 'nobody')), null, b.blocked_by_ticket_id)
      from blocked b
     cross join lateral (select o.number, (select a.name from actors a where a.id = o.assigned_agent_id) as assignee
                           from tickets o where o.id = b.blocked_by_ticket_id offset 0) o
     order by b.created_at, b.ticket_id limit logic.max_findings();
end;

-- Open tickets of critical or high priority that have had no assignee for too long. 5,000 tickets of each column and priority
-- are considered.
create function logic.find_urgent_unassigned_tickets(workflow text, thresholds finding_thresholds, loads logic.assignee_load[])
returns setof logic.finding language sql stable
begin atomic
    with
    -- Tickets that are old enough, the oldest first.
    unassigned as materialized (
        select u.id, u.number, u.priority, u.created_at
          from board_columns c
         cross join (values ('critical'), ('high')) p (priority)
         cross join lateral (
                select t.id, t.number, t.priority, t.created_at
                  from (select t.* from tickets t
                         where t.workflow_id = c.workflow_id and t.status = c.id and t.priority = p.priority and not t.is_resolved and logic.is_live(t)
                         limit logic.max_finding_candidates()) t
                 where t.assigned_agent_id is null and t.created_at < now() - make_interval(mins => thresholds.unassigned_minutes::int)
                 order by t.created_at limit 2 * logic.max_findings()) u
         where c.workflow_id = find_urgent_unassigned_tickets.workflow and c.category <> 'done' and thresholds.unassigned_minutes > 0
         order by u.created_at limit 2 * logic.max_findings()
    ),
    -- Since when they have been urgent and without an assignee.
    timed as materialized (
        select u.*, coalesce((
                   select max(h.changed_at) from history h
                    where h.ticket_id = u.id and (h.change_type in ('assigned', 'reopened', 'restored', 'ticket_unmerged')
                          or (h.change_type = 'field_updated' and h.field_name = 'priority' and h.old_value in ('low', 'medium')))), u.created_at) as since
          from unassigned u
    )
    select 'urgent_unassigned', t.id, t.id, null, null, null, t.since, floor(extract(epoch from now() - t.since) / 60)::float8,
           thresholds.unassigned_minutes::float8,
           format('TKT-%s has priority %s and has been unassigned for %s.', t.number, t.priority, logic.duration_text(extract(epoch from now() - t.since))),
           logic.assignment_suggestion(loads, thresholds.max_open_tickets, null)
      from timed t
     where t.since < now() - make_interval(mins => thresholds.unassigned_minutes::int)
     order by t.since, t.id limit logic.max_findings();
end;

-- Whether two tickets still look like the same: open, and not linked, because a link says how they differ.
create function logic.is_duplicate_candidate(ticket tickets, other tickets) returns boolean language sql stable
begin atomic
    select logic.is_open(ticket) and logic.is_open(other) and logic.ticket_link_kind(ticket, other) is null;
end;

-- Tickets that are probably duplicates of an earlier one. Only reads what logic.compare_changed_tickets found.
create function logic.find_likely_duplicates(workflow text, thresholds finding_thresholds) returns setof logic.finding language sql stable
begin atomic
    with
    -- The most similar earlier ticket of each.
    best as (
        select distinct on (d.ticket_id) d.ticket_id, d.other_ticket_id, d.similarity, d.found_at, t.number, t.assigned_agent_id, o.number as other_number
          from likely_duplicates d
          join tickets t on t.id = d.ticket_id
          join tickets o on o.id = d.other_ticket_id
         where d.workflow_id = find_likely_duplicates.workflow and thresholds.duplicate_similarity > 0
           and d.similarity >= thresholds.duplicate_similarity and logic.is_duplicate_candidate(t, o)
         order by d.ticket_id, d.similarity desc, o.number
    )
    select 'likely_duplicate', b.ticket_id, b.ticket_id, b.assigned_agent_id, b.other_ticket_id, null, b.found_at, round(b.similarity::numeric, 4)::float8,
           thresholds.duplicate_similarity, format('TKT-%s is probably a duplicate of TKT-%s.', b.number, b.other_number),
           logic.finding_suggestion('merge', format('Merge TKT-%s into TKT-%s, or add it to the related tickets.', b.number, b.other_number),
               null, b.other_ticket_id)
      from best b
     order by b.found_at, b.ticket_id limit logic.max_findings();
end;
