-- Stores an API key. $1 caller, $2 id, $3 hash, $4 name, $5 actor or null, $6 scopes or null, $7 end or null, $8 workflows the actor joins.
select logic.create_api_key($1, $2, $3, $4, $5, $6, $7, $8)
