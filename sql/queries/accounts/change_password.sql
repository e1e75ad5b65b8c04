-- Changes the caller's password. $1 caller, $2 hash that was compared, $3 hash of the new one.
select logic.change_password($1, $2, $3)
