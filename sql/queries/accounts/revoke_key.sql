-- Revokes a key. $1 caller, $2 id.
select logic.revoke_api_key($1, $2)
