-- The caller's workflows as executions.
-- Parameters: $1 caller, $2 status or null, $3 at most.
select logic.list_executions($1, $2, $3)
