-- The newest tickets that pass filters, as results of a search.
-- Parameters: $1 caller, $2 workflow, $3 filters, $4 max_rows.
select logic.search_by_filters(caller => $1, workflow => $2, filters => $3, max_rows => $4)
