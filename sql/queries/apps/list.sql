-- Apps, newest first, paged.
-- Parameters: $1 caller, $2 workflow, $3 max_rows, $4 after.
select logic.list_apps(
    caller => $1,
    workflow => $2,
    max_rows => $3,
    after => $4)
