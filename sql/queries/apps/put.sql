-- Writes a job's app.
-- Parameters: $1 caller, $2 job, $3 title, $4 spec, $5 prd_markdown.
select logic.put_app(
    caller => $1,
    job => $2,
    title => $3,
    spec => $4,
    prd_markdown => $5)
