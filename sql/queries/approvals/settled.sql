-- Of approvals that somebody waits for, those that need no more waiting.
-- Parameters: $1 ids.
select logic.list_settled_approvals(ids => $1)
