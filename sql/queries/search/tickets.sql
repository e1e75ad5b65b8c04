-- Search in a workflow.
-- Parameters: $1 caller, $2 workflow, $3 query, $4 search_type, $5 filters, $6 max_rows, $7 include_comments, $8 model, $9 vector.
select logic.search_tickets(
    caller => $1,
    workflow => $2,
    query => $3,
    search_type => $4,
    filters => $5,
    max_rows => $6,
    include_comments => $7,
    model => $8,
    vector => $9)
