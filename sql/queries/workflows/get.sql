-- One workflow with its board.
-- Parameters: $1 caller, $2 workflow.
select logic.get_workflow(caller => $1, workflow => $2)
