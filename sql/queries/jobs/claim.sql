-- Takes the next ready job.
-- Parameters: $1 caller, $2 workflow, $3 job_types, $4 worker, $5 lease_seconds.
select logic.claim_job(
    caller => $1,
    workflow => $2,
    job_types => $3,
    worker => $4,
    lease_seconds => $5)
