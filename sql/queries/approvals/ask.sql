-- Parks a question to people.
-- Parameters: $1 caller, $2 workflow, $3 ticket, $4 job, $5 kind, $6 question, $7 context, $8 options, $9 blocks_job, $10 expires_in_seconds, $11 lease_token, $12 idempotency_key.
select logic.request_approval(
    caller => $1,
    workflow => $2,
    ticket => $3,
    job => $4,
    kind => $5,
    question => $6,
    context => $7,
    options => $8,
    blocks_job => $9,
    expires_in_seconds => $10,
    lease_token => $11,
    idempotency_key => $12)
