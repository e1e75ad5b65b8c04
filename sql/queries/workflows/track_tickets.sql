-- Turns ticket tracking on or off; null leaves the board as it is.
-- Parameters: $1 caller, $2 workflow, $3 enabled, $4 config.
select logic.set_ticket_tracking(
    caller => $1,
    workflow => $2,
    enabled => $3,
    config => $4)
