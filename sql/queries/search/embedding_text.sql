-- A draft of a ticket as it will be embedded.
-- Parameters: $1 title, $2 tags, $3 description.
select to_jsonb(logic.embedding_text($1::text, coalesce($2::text[], '{}'), coalesce($3::text, ''), null::text[]))
