-- Who the caller is. $1 caller.
select logic.me($1)
