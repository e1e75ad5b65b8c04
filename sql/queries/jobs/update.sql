-- Changes a job; null keeps.
-- Parameters: $1 caller, $2 job, $3 title, $4 initial_prompt, $5 priority, $6 payload, $7 stages.
select logic.update_job(
    caller => $1,
    job => $2,
    title => $3,
    initial_prompt => $4,
    priority => $5,
    payload => $6,
    stages => $7)
