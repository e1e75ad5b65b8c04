-- Registers a person. $1 e-mail, $2 name, $3 password hash, $4 hash of the invitation or null, $5 open, invite or off.
select logic.register_user($1, $2, $3, $4, $5)
