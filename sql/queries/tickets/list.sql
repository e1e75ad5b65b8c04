-- Tickets of a workflow, filtered, sorted, paged.
-- Parameters: $1 caller, $2 workflow, $3 filters, $4 sort_by, $5 sort_order, $6 max_rows, $7 skip.
select logic.list_tickets(
    caller => $1,
    workflow => $2,
    filters => $3,
    sort_by => $4,
    sort_order => $5,
    max_rows => $6,
    skip => $7)
