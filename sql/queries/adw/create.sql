-- A ticket and its job, queued.
-- Parameters: $1 caller, $2 workflow or null, $3 title, $4 description, $5 type, $6 stages, $7 priority, $8 idempotency_key.
select logic.create_adw($1, $2, $3, $4, $5, $6, $7, $8)
