-- Moves a ticket inside its column.
-- Parameters: $1 caller, $2 ticket, $3 before, $4 after.
select logic.reorder_ticket(
    caller => $1,
    ticket => $2,
    before => $3,
    after => $4)
