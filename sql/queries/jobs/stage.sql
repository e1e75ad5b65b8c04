-- Enters a stage.
-- Parameters: $1 caller, $2 job, $3 token, $4 stage, $5 message.
select logic.enter_stage(
    caller => $1,
    job => $2,
    token => $3,
    stage => $4,
    message => $5)
