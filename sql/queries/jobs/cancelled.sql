-- Confirms that a cancelled job has stopped.
-- Parameters: $1 caller, $2 job, $3 token.
select logic.confirm_job_cancel(
    caller => $1,
    job => $2,
    token => $3)
