-- Makes a webhook.
-- Parameters: $1 caller, $2 workflow, $3 url, $4 secret, $5 events.
select logic.create_webhook(caller => $1, workflow => $2, url => $3, secret => $4, events => $5)
