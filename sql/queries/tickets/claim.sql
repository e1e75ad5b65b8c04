-- Takes the next ready ticket.
-- Parameters: $1 caller, $2 workflow, $3 ticket_types, $4 tags, $5 priorities.
select logic.claim_ticket(
    caller => $1,
    workflow => $2,
    ticket_types => $3,
    tags => $4,
    priorities => $5)
