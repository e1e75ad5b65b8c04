-- Saved searches of a workflow that the caller may use.
-- Parameters: $1 caller, $2 workflow.
select logic.list_searches(caller => $1, workflow => $2)
