-- Queues a collecting job, wakes a resting one.
-- Parameters: $1 caller, $2 job.
select logic.continue_job(
    caller => $1,
    job => $2)
