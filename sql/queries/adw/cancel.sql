-- Cancels a job, or asks its worker to stop.
-- Parameters: $1 caller, $2 job.
select logic.cancel_adw($1, $2)
