-- Changes a webhook.
-- Parameters: $1 caller, $2 webhook, $3 url, $4 events, $5 active.
select logic.update_webhook(caller => $1, webhook => $2, url => $3, events => $4, active => $5)
