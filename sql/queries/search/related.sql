-- Tickets that resemble a ticket.
-- Parameters: $1 caller, $2 ticket, $3 max_rows.
select logic.related_tickets(caller => $1, ticket => $2, max_rows => $3)
