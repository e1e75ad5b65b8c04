-- Keeps a board to begin work from.
-- Parameters: $1 caller, $2 name, $3 description, $4 phases, $5 board_config.
select logic.create_definition($1, $2, $3, $4, $5)
