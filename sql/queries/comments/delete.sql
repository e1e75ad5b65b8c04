-- Deletes a comment (soft).
-- Parameters: $1 caller, $2 comment.
select logic.delete_comment(caller => $1, comment => $2)
