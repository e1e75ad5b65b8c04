-- Cancels a job, or asks its worker to.
-- Parameters: $1 caller, $2 job, $3 reason.
select logic.cancel_job(
    caller => $1,
    job => $2,
    reason => $3)
