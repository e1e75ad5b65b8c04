-- Makes a person, for whoever holds the database. $1 e-mail, $2 name, $3 password hash, $4 administrator?
select logic.create_user($1, $2, $3, $4)
