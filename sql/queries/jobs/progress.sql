-- Notes progress.
-- Parameters: $1 caller, $2 job, $3 token, $4 progress, $5 message.
select logic.report_progress(
    caller => $1,
    job => $2,
    token => $3,
    progress => $4,
    message => $5)
