-- Jobs, newest first, paged.
-- Parameters: $1 caller, $2 workflow, $3 ticket, $4 statuses, $5 mine, $6 title, $7 max_rows, $8 after.
select logic.list_jobs(
    caller => $1,
    workflow => $2,
    ticket => $3,
    statuses => $4,
    mine => $5,
    title => $6,
    max_rows => $7,
    after => $8)
