-- $1 caller, $2 ids or names (text[])
select logic.resolve_workflow_ids($1, $2)
