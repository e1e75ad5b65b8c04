-- A page of a ticket's comments or changes, oldest first, below the newest `skip`; or one comment or the description alone.
-- Parameters: $1 caller, $2 ticket, $3 part (comments, history or description), $4 comment, $5 skip, $6 max_rows.
select logic.get_ticket_page(caller => $1, ticket => $2, part => $3, comment => $4, skip => $5, max_rows => $6)
