-- Attempts at a webhook, newest first.
-- Parameters: $1 caller, $2 webhook, $3 max_rows, $4 after.
select logic.list_webhook_deliveries(caller => $1, webhook => $2, max_rows => $3, after => $4)
