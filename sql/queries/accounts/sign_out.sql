-- Ends a session. $1 session or null, $2 hash of a refresh token or null.
select logic.sign_out($1, $2)
