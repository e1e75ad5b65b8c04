-- Changes fields of a ticket.
-- Parameters: $1 caller, $2 ticket, $3 updates, $4 update_comment, $5 version.
select logic.update_ticket(
    caller => $1,
    ticket => $2,
    updates => $3,
    update_comment => $4,
    version => $5)
