-- One approval.
-- Parameters: $1 caller, $2 approval.
select logic.get_approval(caller => $1, approval => $2)
