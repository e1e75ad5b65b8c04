-- Approvals, newest first.
-- Parameters: $1 caller, $2 workflow, $3 ticket, $4 job, $5 statuses, $6 kinds, $7 mine, $8 max_rows, $9 after.
select logic.list_approvals(
    caller => $1,
    workflow => $2,
    ticket => $3,
    job => $4,
    statuses => $5,
    kinds => $6,
    mine => $7,
    max_rows => $8,
    after => $9)
