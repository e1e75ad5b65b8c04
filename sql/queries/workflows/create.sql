-- Creates a workflow with its board.
-- Parameters: $1 caller, $2 name, $3 description, $4 template, $5 board_config, $6 idempotency_key.
select logic.create_workflow(
    caller => $1,
    name => $2,
    description => $3,
    template => $4,
    board_config => $5,
    idempotency_key => $6)
