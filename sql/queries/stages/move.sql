-- Moves a ticket to a stage.
-- Parameters: $1 caller, $2 ticket (id or key), $3 stage, $4 comment, $5 workflow or null.
select logic.move_ticket_to_stage($1, $2, $3, $4, $5)
