-- One app, by its id or its job.
-- Parameters: $1 caller, $2 app, $3 job.
select logic.get_app(
    caller => $1,
    app => $2,
    job => $3)
