-- Takes up an invitation. $1 caller, $2 hash.
select logic.accept_invite($1, $2)
