-- Changes a comment's text.
-- Parameters: $1 caller, $2 comment, $3 comment_text.
select logic.edit_comment(caller => $1, comment => $2, comment_text => $3)
