-- The hash of the caller's password. $1 caller.
select logic.get_password_hash($1)
