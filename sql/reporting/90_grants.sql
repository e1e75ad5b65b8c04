-- Grants: the role callboard_reporting may read these views and nothing else, and so may analysts. Last, after all views exist.

-- Roles belong to the cluster: another node or database may have created it already, and a hosted Postgres may not
-- allow it. Then an administrator creates the role, and the next start of the server grants.
do $$
begin
    if not exists (select from pg_roles where rolname = 'callboard_reporting') then
        create role callboard_reporting login connection limit 20;
        alter role callboard_reporting set default_transaction_read_only = on;
        alter role callboard_reporting set statement_timeout = '60s';
        alter role callboard_reporting set search_path = reporting;
    end if;
exception when insufficient_privilege or duplicate_object or unique_violation then
    raise notice 'the role callboard_reporting could not be created';
end
$$;

do $$
begin
    if exists (select from pg_roles where rolname = 'callboard_reporting') then
        grant usage on schema reporting to callboard_reporting;
        grant select on all tables in schema reporting to callboard_reporting;
        grant execute on all functions in schema reporting to callboard_reporting;
    end if;
    perform logic.grant_to_analyst(a.role_name, a.is_limited)
       from public.analysts a join pg_catalog.pg_roles r on r.rolname = a.role_name;
exception when insufficient_privilege then
    raise notice 'analysts could not be granted what they may read';
end
$$;

-- These functions run with the rights of their owner, so no other role may call them.
revoke execute on all functions in schema reporting, reporting_limited from public;

-- Functions in `logic` run with the rights of their caller; no other role needs them.
revoke all on schema logic from public;
