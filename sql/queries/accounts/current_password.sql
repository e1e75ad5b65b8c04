-- The hash of the caller's password. $1 caller.
select logic.current_password($1)
