-- Adds a line to the transcript, from a member.
-- Parameters: $1 caller, $2 job, $3 content, $4 kind, $5 role, $6 sender, $7 level, $8 metadata.
select logic.post_job_message(
    caller => $1,
    job => $2,
    content => $3,
    kind => $4,
    role => $5,
    sender => $6,
    level => $7,
    metadata => $8)
