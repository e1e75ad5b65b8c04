-- Makes the first administrator. $1 e-mail, $2 name, $3 password hash.
select logic.ensure_first_admin($1, $2, $3)
