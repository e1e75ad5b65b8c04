-- Reads anew how common words are.
-- Parameters: $1 whether to gather statistics first.
select to_jsonb(logic.refresh_search_words($1))
