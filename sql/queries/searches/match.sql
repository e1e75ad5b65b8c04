-- Works off some of the queue of changed tickets.
-- Parameters: $1 max_rows.
select logic.match_searches(max_rows => $1)
