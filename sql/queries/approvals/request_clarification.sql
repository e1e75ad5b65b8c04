-- Asks people what a ticket means.
-- Parameters: $1 caller, $2 ticket, $3 conflict_description, $4 context, $5 potential_solutions, $6 idempotency_key.
select logic.request_clarification(
    caller => $1,
    ticket => $2,
    conflict_description => $3,
    context => $4,
    potential_solutions => $5,
    idempotency_key => $6)
