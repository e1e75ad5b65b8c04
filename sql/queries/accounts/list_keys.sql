-- The caller's keys. $1 caller, $2 actor or null.
select logic.list_api_keys($1, $2)
