-- Adds lines to the transcript, from the worker.
-- Parameters: $1 caller, $2 job, $3 token, $4 messages.
select logic.post_job_messages(
    caller => $1,
    job => $2,
    token => $3,
    messages => $4)
