-- Notes what the caller searched for.
-- Parameters: $1 caller, $2 workflow, $3 query, $4 search_type, $5 filters.
select logic.record_recent_search(caller => $1, workflow => $2, query => $3, search_type => $4, filters => $5)
