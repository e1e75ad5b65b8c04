-- Replaces the tickets that block one.
-- Parameters: $1 caller, $2 ticket, $3 blocked_by_ticket_ids.
select logic.set_blockers(caller => $1, ticket => $2, blocked_by_ticket_ids => $3)
