-- What is being worked on.
-- Parameters: $1 caller, $2 workflow or null.
select logic.get_stage_status($1, $2)
