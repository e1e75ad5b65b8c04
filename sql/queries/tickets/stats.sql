-- Statistics of a workflow.
-- Parameters: $1 caller, $2 workflow.
select logic.get_ticket_stats(caller => $1, workflow => $2)
