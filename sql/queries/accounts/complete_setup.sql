-- Makes the first administrator by a set-up link. $1 hash, $2 e-mail, $3 name, $4 password hash.
select logic.complete_setup($1, $2, $3, $4)
