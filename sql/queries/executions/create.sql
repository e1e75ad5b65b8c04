-- Begins a workflow from a definition.
-- Parameters: $1 caller, $2 definition, $3 name, $4 description, $5 launch_params, $6 prompt, $7 idempotency_key.
select logic.create_execution($1, $2, $3, $4, $5, $6, $7)
