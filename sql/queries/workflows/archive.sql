-- Archives a workflow or takes it back.
-- Parameters: $1 caller, $2 workflow, $3 archived.
select logic.archive_workflow(caller => $1, workflow => $2, archived => $3)
