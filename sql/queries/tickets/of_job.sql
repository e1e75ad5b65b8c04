-- The ticket of a job.
-- Parameters: $1 caller, $2 job.
select logic.tickets_of_job($1, $2)
