-- Takes back jobs whose workers have gone silent; answers how many.
-- Parameters: $1 max_jobs.
select to_jsonb(logic.expire_leases(max_jobs => $1))
