-- Takes a question back.
-- Parameters: $1 caller, $2 approval, $3 reason.
select logic.withdraw_approval(caller => $1, approval => $2, reason => $3)
