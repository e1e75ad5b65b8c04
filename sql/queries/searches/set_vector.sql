-- Gives a watched search the vector of its query; answers how many tickets were told.
-- Parameters: $1 search, $2 query, $3 model, $4 vector.
select to_jsonb(logic.set_search_vector(search => $1, query => $2, model => $3, vector => $4))
