-- Makes a ticket for a socket. $1 caller, $2 hash, $3 end of the caller's credential or null.
select logic.issue_ws_ticket($1, $2, $3)
