-- Begins an ended job anew.
-- Parameters: $1 caller, $2 job.
select logic.retry_job(
    caller => $1,
    job => $2)
