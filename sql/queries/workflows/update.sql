-- Changes a workflow's fields; null leaves one as it is.
-- Parameters: $1 caller, $2 workflow, $3 name, $4 description, $5 ticket_tracking, $6 repository_path.
select logic.update_workflow(
    caller => $1,
    workflow => $2,
    name => $3,
    description => $4,
    ticket_tracking => $5,
    repository_path => $6)
