-- Decides an approval.
-- Parameters: $1 caller, $2 approval, $3 decision, $4 answer, $5 reason, $6 comment.
select logic.decide_approval(
    caller => $1,
    approval => $2,
    decision => $3,
    answer => $4,
    reason => $5,
    comment => $6)
