-- Ends an attempt with failure.
-- Parameters: $1 caller, $2 job, $3 token, $4 error, $5 retry.
select logic.fail_job(
    caller => $1,
    job => $2,
    token => $3,
    error => $4,
    retry => $5)
