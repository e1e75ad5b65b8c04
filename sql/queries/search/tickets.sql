-- Keyword search in a workflow.
-- Parameters: $1 caller, $2 workflow, $3 query, $4 filters, $5 max_rows, $6 include_comments.
select logic.search_tickets(
    caller => $1,
    workflow => $2,
    query => $3,
    filters => $4,
    max_rows => $5,
    include_comments => $6)
