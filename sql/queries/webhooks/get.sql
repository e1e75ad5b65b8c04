-- One webhook.
-- Parameters: $1 caller, $2 webhook.
select logic.get_webhook(caller => $1, webhook => $2)
