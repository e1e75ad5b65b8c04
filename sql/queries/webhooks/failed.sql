-- Notes that an event was not taken.
-- Parameters: $1 webhook, $2 token, $3 passed, $4 seq, $5 message_id, $6 event_type, $7 status_code, $8 error, $9 duration_ms, $10 retry_after.
select logic.record_webhook_failure(
    webhook => $1,
    token => $2,
    passed => $3,
    seq => $4,
    message_id => $5,
    event_type => $6,
    status_code => $7,
    error => $8,
    duration_ms => $9,
    retry_after => $10)
