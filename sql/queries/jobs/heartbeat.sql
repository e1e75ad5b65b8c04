-- Extends a lease.
-- Parameters: $1 caller, $2 job, $3 token, $4 lease_seconds, $5 progress, $6 message.
select logic.record_heartbeat(
    caller => $1,
    job => $2,
    token => $3,
    lease_seconds => $4,
    progress => $5,
    message => $6)
