-- Deletes a job.
-- Parameters: $1 caller, $2 job.
select logic.delete_job(
    caller => $1,
    job => $2)
