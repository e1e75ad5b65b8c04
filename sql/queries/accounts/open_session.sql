-- Begins a session. $1 actor, $2 hash of the refresh token, $3 days it lasts unused, $4 user agent, $5 address.
select logic.open_session($1, $2, $3, $4, $5)
