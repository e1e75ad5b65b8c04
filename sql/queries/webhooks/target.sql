-- What a test of a webhook needs.
-- Parameters: $1 caller, $2 webhook.
select logic.get_webhook_target(caller => $1, webhook => $2)
