-- Who is in a workflow.
-- Parameters: $1 caller, $2 workflow.
select logic.list_members(caller => $1, workflow => $2)
