-- Forgets what the caller searched for.
-- Parameters: $1 caller, $2 workflow.
select logic.clear_recent_searches(caller => $1, workflow => $2)
