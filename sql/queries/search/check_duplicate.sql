-- Tickets that resemble one that may be filed.
-- Parameters: $1 caller, $2 workflow, $3 title, $4 model, $5 vector, $6 max_rows.
select logic.check_duplicate(caller => $1, workflow => $2, title => $3, model => $4, vector => $5, max_rows => $6)
