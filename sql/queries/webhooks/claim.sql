-- Claims a webhook that has something to send.
-- Parameters: $1 lease_seconds, $2 max_events.
select coalesce(logic.claim_webhook(lease_seconds => $1, max_events => $2), 'null'::jsonb)
