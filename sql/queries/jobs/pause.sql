-- Lets a job rest.
-- Parameters: $1 caller, $2 job.
select logic.pause_job(
    caller => $1,
    job => $2)
