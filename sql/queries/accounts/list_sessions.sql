-- The caller's sessions. $1 caller.
select logic.list_sessions($1)
