-- Boards of the past. Functions, because they take a moment; they run with the rights of their owner, as views do.

-- The tickets that were on a workflow's board at a time, as they were then.
create function reporting.board_at(workflow text, at timestamptz)
returns table (
    ticket_id text, key text, title text, ticket_type text, priority text, status text, assigned_agent_id text,
    created_by_agent_id text, parent_ticket_id text, tags text[], is_resolved boolean, is_blocked boolean,
    blocked_by_ticket_ids text[], story_points double precision, estimate_minutes bigint, spent_minutes bigint,
    created_at timestamptz, updated_at timestamptz, started_at timestamptz, completed_at timestamptz,
    due_on date, milestone_id text
) language sql stable security definer set search_path = public, pg_temp
begin atomic
    select c.ticket_id, c.key, c.title, c.ticket_type, c.priority, c.status, c.assigned_agent_id, c.created_by_agent_id,
           c.parent_ticket_id, c.tags, c.is_resolved, c.is_blocked, c.blocked_by_ticket_ids, c.story_points, c.estimate_minutes,
           c.spent_minutes, c.created_at, c.updated_at, c.started_at, c.completed_at,
           c.due_on, c.milestone_id
      from logic.cards_at(board_at.workflow, logic.find_seq_at(board_at.workflow, board_at.at), board_at.at) c
     order by c.status, c.rank, c.number;
end;

-- What differs between a workflow's boards of two moments: one row for each field of each ticket. `change` is `added` or
-- `removed` (then without a field) or `changed`.
create function reporting.board_diff(workflow text, from_time timestamptz, to_time timestamptz)
returns table (ticket_id text, key text, title text, change text, field text, old_value jsonb, new_value jsonb)
language sql stable security definer set search_path = public, pg_temp
begin atomic
    select d.*
      from logic.compare_boards(board_diff.workflow, logic.find_seq_at(board_diff.workflow, board_diff.from_time), board_diff.from_time,
                                logic.find_seq_at(board_diff.workflow, board_diff.to_time), board_diff.to_time) d;
end;
