-- Who may read: the role callboard_reporting, these views, and nothing else. Grants come last.

-- The role is the cluster's, not the database's: another node or database may have made it, and a hosted
-- Postgres may not let us. Then an administrator makes it, and the next start grants.
do $$
begin
    if not exists (select from pg_roles where rolname = 'callboard_reporting') then
        create role callboard_reporting login connection limit 20;
        alter role callboard_reporting set default_transaction_read_only = on;
        alter role callboard_reporting set statement_timeout = '60s';
        alter role callboard_reporting set search_path = reporting;
    end if;
exception when insufficient_privilege or duplicate_object or unique_violation then
    raise notice 'the role callboard_reporting is not ours to make';
end
$$;

do $$
begin
    if exists (select from pg_roles where rolname = 'callboard_reporting') then
        grant usage on schema reporting to callboard_reporting;
        grant select on all tables in schema reporting to callboard_reporting;
    end if;
end
$$;

-- Functions of `logic` act with the rights of whoever calls them; nobody else has to reach them.
revoke all on schema logic from public;
