-- Takes a deletion back.
-- Parameters: $1 caller, $2 ticket.
select logic.restore_ticket(caller => $1, ticket => $2)
