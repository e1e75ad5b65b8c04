-- Exchanges a refresh token. $1 its hash, $2 hash of its successor, $3 days, $4 user agent, $5 address.
select logic.refresh_session($1, $2, $3, $4, $5)
