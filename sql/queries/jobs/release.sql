-- Gives a job back.
-- Parameters: $1 caller, $2 job, $3 token, $4 reason.
select logic.release_job(
    caller => $1,
    job => $2,
    token => $3,
    reason => $4)
