-- What the caller searched for lately.
-- Parameters: $1 caller, $2 workflow.
select logic.list_recent_searches(caller => $1, workflow => $2)
