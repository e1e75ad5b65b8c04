-- Merges a duplicate into its original.
-- Parameters: $1 caller, $2 ticket, $3 into_ticket, $4 comment.
select logic.merge_tickets(
    caller => $1,
    ticket => $2,
    into_ticket => $3,
    comment => $4)
