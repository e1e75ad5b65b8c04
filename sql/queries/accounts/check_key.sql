-- Whose API key this is, or null. $1 id inside the key, $2 SHA-256 of the key.
select coalesce(logic.verify_api_key($1, $2), 'null')
