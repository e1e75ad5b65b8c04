-- Removes the caller's own jobs for good.
-- Parameters: $1 caller.
select logic.purge_jobs(
    caller => $1)
