-- Lets a resting job go on.
-- Parameters: $1 caller, $2 job.
select logic.resume_job(
    caller => $1,
    job => $2)
