-- A transcript, in order, paged.
-- Parameters: $1 caller, $2 job, $3 kinds, $4 after, $5 before, $6 max_rows.
select logic.list_job_messages(
    caller => $1,
    job => $2,
    kinds => $3,
    after => $4,
    before => $5,
    max_rows => $6)
