-- Changes a saved search.
-- Parameters: $1 caller, $2 search, $3 changes.
select logic.update_search(caller => $1, search => $2, changes => $3)
