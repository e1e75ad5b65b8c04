-- Notes a test of a webhook.
-- Parameters: $1 webhook, $2 workflow, $3 message_id, $4 event_type, $5 status_code, $6 delivered, $7 error, $8 duration_ms.
select logic.insert_webhook_delivery(
    webhook => $1,
    workflow => $2,
    message_id => $3,
    event_type => $4,
    seq => null,
    attempt => 1,
    status_code => $5,
    delivered => $6,
    error => $7,
    duration_ms => $8)
