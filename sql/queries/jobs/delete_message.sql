-- Deletes a line of a transcript.
-- Parameters: $1 caller, $2 message.
select logic.delete_job_message(
    caller => $1,
    message => $2)
