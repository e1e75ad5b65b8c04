-- Approves or rejects a ticket.
-- Parameters: $1 caller, $2 ticket, $3 decision, $4 reason, $5 comment.
select logic.review_ticket(
    caller => $1,
    ticket => $2,
    decision => $3,
    reason => $4,
    comment => $5)
