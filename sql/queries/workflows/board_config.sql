-- The board's configuration.
-- Parameters: $1 caller, $2 workflow.
select logic.get_board_config(caller => $1, workflow => $2)
