-- Notes that an event was taken.
-- Parameters: $1 webhook, $2 token, $3 lease_seconds, $4 seq, $5 message_id, $6 event_type, $7 status_code, $8 duration_ms.
select logic.record_webhook_success(
    webhook => $1,
    token => $2,
    lease_seconds => $3,
    seq => $4,
    message_id => $5,
    event_type => $6,
    status_code => $7,
    duration_ms => $8)
