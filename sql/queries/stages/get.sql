-- One ticket with its stage.
-- Parameters: $1 caller, $2 ticket (id or key), $3 workflow or null.
select logic.get_staged_ticket($1, $2, $3)
