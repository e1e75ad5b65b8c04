-- Works off some of the queue of changed tickets.
-- Parameters: $1 max_rows.
select logic.process_search_match_queue(max_rows => $1)
