-- The filters that lists, search and saved searches share.

-- Whether a ticket has blockers.
create function logic.is_blocked(ticket text) returns boolean language sql stable
begin atomic
    select exists (select from ticket_blockers k where k.ticket_id = is_blocked.ticket);
end;

-- Whether a ticket passes the filters; a missing filter passes all.
-- {status[], priority[], ticket_type[], assigned_agent_id, unassigned, tags[], created_after,
-- created_before, is_blocked, include_completed}
-- It has no subquery of its own, so Postgres can inline it and, when it plans for given filters, keeps only the
-- tests they need.
create function logic.matches_filters(t tickets, filters jsonb) returns boolean language sql stable
begin atomic
    select (filters -> 'status' is null or filters -> 'status' ? t.status)
       and (filters -> 'priority' is null or filters -> 'priority' ? t.priority)
       and (filters -> 'ticket_type' is null or filters -> 'ticket_type' ? t.ticket_type)
       and (filters ->> 'assigned_agent_id' is null or t.assigned_agent_id = filters ->> 'assigned_agent_id')
       and (filters -> 'unassigned' is distinct from 'true' or t.assigned_agent_id is null)
       and (filters -> 'tags' is null or t.tags && logic.json_text_array(filters -> 'tags'))
       and (filters ->> 'created_after' is null or t.created_at >= (filters ->> 'created_after')::timestamptz)
       and (filters ->> 'created_before' is null or t.created_at <= (filters ->> 'created_before')::timestamptz)
       and (filters -> 'include_completed' is distinct from 'false' or not t.is_resolved)
       and (filters ->> 'is_blocked' is null or (filters ->> 'is_blocked')::boolean = logic.is_blocked(t.id));
end;
