-- Takes tickets that wait for a vector, and their texts.
-- Parameters: $1 model, $2 how many at most, $3 seconds they are ours, $4 only this ticket, or null.
select logic.claim_embeddings(model => $1, max_tickets => $2, lease_seconds => $3, ticket => $4)
