-- The same change for many tickets.
-- Parameters: $1 caller, $2 workflow, $3 ticket_ids, $4 updates, $5 new_status, $6 comment.
select logic.bulk_update_tickets(
    caller => $1,
    workflow => $2,
    ticket_ids => $3,
    updates => $4,
    new_status => $5,
    comment => $6)
