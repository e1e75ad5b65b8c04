-- A job as a workflow of agents.
-- Parameters: $1 caller, $2 job.
select logic.get_adw($1, $2)
