-- Whether a ticket has a vector and waits for no newer one.
-- Parameters: $1 model, $2 ticket.
select to_jsonb(logic.is_embedded(model => $1, ticket => $2))
