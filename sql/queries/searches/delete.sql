-- Deletes a saved search.
-- Parameters: $1 caller, $2 search.
select logic.delete_search(caller => $1, search => $2)
