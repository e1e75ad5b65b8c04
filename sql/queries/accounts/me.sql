-- Who the caller is. $1 caller.
select logic.get_current_user($1)
