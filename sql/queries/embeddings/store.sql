-- Stores the vectors of claimed tickets; answers how many were still ours.
-- Parameters: $1 model, $2 when they were claimed, $3 end of the lease, $4 tickets with revision, hash and
-- number of parts, $5 vectors of all parts in that order.
select to_jsonb(logic.store_embeddings(model => $1, claimed_at => $2::text::timestamptz, lease => $3::text::timestamptz,
    claimed => $4, vectors => $5))
