-- Replaces the board's configuration.
-- Parameters: $1 caller, $2 workflow, $3 config, $4 moves.
select logic.set_board(
    caller => $1,
    workflow => $2,
    config => $3,
    moves => $4)
