-- Notes what a program tells about a ticket.
-- Parameters: $1 caller, $2 ticket (id or key), $3 event, $4 payload.
select logic.record_ticket_event($1, $2, $3, $4)
