-- Ends a session of the caller, or all others. $1 caller, $2 session or null.
select logic.revoke_session($1, $2)
