-- One job.
-- Parameters: $1 caller, $2 job.
select logic.get_job(
    caller => $1,
    job => $2)
