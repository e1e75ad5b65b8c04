-- Deletes a ticket (soft).
-- Parameters: $1 caller, $2 ticket.
select logic.delete_ticket(caller => $1, ticket => $2)
