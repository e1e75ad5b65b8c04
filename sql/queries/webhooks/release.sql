-- Gives the claim of a webhook back.
-- Parameters: $1 webhook, $2 token, $3 passed.
select logic.release_webhook(webhook => $1, token => $2, passed => $3)
