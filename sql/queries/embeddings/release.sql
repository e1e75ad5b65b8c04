-- Gives claimed tickets back through no fault of theirs.
-- Parameters: $1 model, $2 end of the lease, $3 tickets.
select to_jsonb(logic.release_embeddings(model => $1, lease => $2::text::timestamptz, tickets => $3))
