-- Makes an invitation. $1 caller, $2 hash, $3 e-mail or null, $4 workflow or null, $5 role or null, $6 hours it lasts.
select logic.create_invite($1, $2, $3, $4, $5, $6)
