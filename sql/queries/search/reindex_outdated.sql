-- Composes search documents anew that older rules composed.
-- Parameters: $1 at most so many.
select to_jsonb(logic.reindex_outdated($1))
