-- Everything about one ticket.
-- Parameters: $1 caller, $2 ticket, $3 workflow.
select logic.get_ticket(caller => $1, ticket => $2, workflow => $3)
