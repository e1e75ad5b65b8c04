-- Adds a comment to a ticket.
-- Parameters: $1 caller, $2 ticket, $3 comment_text, $4 comment_type, $5 mentions, $6 attachments, $7 parent, $8 idempotency_key.
select logic.add_comment(
    caller => $1,
    ticket => $2,
    comment_text => $3,
    comment_type => $4,
    mentions => $5,
    attachments => $6,
    parent => $7,
    idempotency_key => $8)
