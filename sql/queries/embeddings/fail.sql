-- Gives claimed tickets back with what is wrong with them; they are tried again later.
-- Parameters: $1 model, $2 end of the lease, $3 tickets, $4 why.
select to_jsonb(logic.fail_embeddings(model => $1, lease => $2::text::timestamptz, tickets => $3, why => $4))
