-- One saved search.
-- Parameters: $1 caller, $2 search.
select logic.get_search(caller => $1, search => $2)
