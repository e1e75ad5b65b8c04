-- Creates a job.
-- Parameters: $1 caller, $2 workflow, $3 ticket, $4 title, $5 initial_prompt, $6 job_type, $7 stages, $8 priority, $9 payload, $10 max_attempts, $11 queue, $12 with_ticket, $13 delay_seconds, $14 idempotency_key.
select logic.create_job(
    caller => $1,
    workflow => $2,
    ticket => $3,
    title => $4,
    initial_prompt => $5,
    job_type => $6,
    stages => $7,
    priority => $8,
    payload => $9,
    max_attempts => $10,
    queue => $11,
    with_ticket => $12,
    delay_seconds => $13,
    idempotency_key => $14)
