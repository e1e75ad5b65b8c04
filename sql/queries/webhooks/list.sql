-- Webhooks of a workflow.
-- Parameters: $1 caller, $2 workflow.
select logic.list_webhooks(caller => $1, workflow => $2)
