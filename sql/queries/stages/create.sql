-- Creates a ticket in a stage.
-- Parameters: $1 caller, $2 workflow or null, $3 title, $4 description, $5 stage, $6 priority, $7 ticket_type, $8 tags, $9 assigned_agent_id, $10 idempotency_key.
select logic.create_staged_ticket($1, $2, $3, $4, stage => $5, priority => $6, ticket_type => $7, tags => $8, assigned_agent_id => $9,
    idempotency_key => $10)
