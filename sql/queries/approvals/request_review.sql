-- Asks for the review of a ticket.
-- Parameters: $1 caller, $2 ticket, $3 comment.
select logic.request_review(caller => $1, ticket => $2, comment => $3)
