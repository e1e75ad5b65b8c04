-- The ticket of a job.
-- Parameters: $1 caller, $2 job.
select logic.list_job_tickets($1, $2)
