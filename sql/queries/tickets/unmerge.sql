-- Takes a merge back.
-- Parameters: $1 caller, $2 ticket.
select logic.unmerge_ticket(
    caller => $1,
    ticket => $2)
