-- Deletes a webhook.
-- Parameters: $1 caller, $2 webhook.
select logic.delete_webhook(caller => $1, webhook => $2)
