-- One workflow as an execution.
-- Parameters: $1 caller, $2 workflow.
select logic.get_execution($1, $2)
