-- $1 e-mail, $2 password hash
select logic.reset_password($1, $2)
