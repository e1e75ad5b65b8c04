-- Workflows the caller may see, by name.
-- Parameters: $1 caller, $2 include_archived, $3 max_rows, $4 after.
select logic.list_workflows(
    caller => $1,
    include_archived => $2,
    max_rows => $3,
    after => $4)
