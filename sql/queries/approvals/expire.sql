-- Ends questions that ran out; answers how many.
-- Parameters: $1 max_rows.
select to_jsonb(logic.expire_approvals(max_rows => $1))
