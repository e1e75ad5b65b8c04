-- Tickets that wait for review.
-- Parameters: $1 caller, $2 workflow.
select logic.count_pending_reviews(caller => $1, workflow => $2)
