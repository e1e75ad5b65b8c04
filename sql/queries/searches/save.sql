-- Keeps a search.
-- Parameters: $1 caller, $2 workflow, $3 name, $4 query, $5 search_type, $6 filters, $7 include_comments, $8 shared, $9 notify.
select logic.save_search(
    caller => $1,
    workflow => $2,
    name => $3,
    query => $4,
    search_type => $5,
    filters => $6,
    include_comments => $7,
    shared => $8,
    notify => $9)
