-- What the grants of schema `reporting` do not cover, because it belongs to the database or the cluster, which neither a dump
-- nor a copy keeps. Each part fails quietly where the server's role may not do it.
do $$
begin
    begin
        -- Every role may make temporary tables in a new database; only the server's own role needs them.
        if has_database_privilege('public', current_database(), 'TEMPORARY') then
            execute format('revoke temporary on database %I from public', current_database());
        end if;
    exception when insufficient_privilege then
        raise notice 'temporary tables could not be refused to other roles';
    end;
    begin
        -- Every role may make large objects, which fill the disk.
        if has_function_privilege('public', 'pg_catalog.lo_create(oid)', 'EXECUTE') then
            revoke execute on function pg_catalog.lo_creat(integer), pg_catalog.lo_create(oid), pg_catalog.lo_from_bytea(oid, bytea) from public;
        end if;
    exception when insufficient_privilege then
        raise notice 'large objects could not be refused to other roles';
    end;
    -- Analysts may change their own defaults too. Set only where they differ.
    declare
        one record;
    begin
        for one in
            select a.role_name, s.name, s.value
              from public.analysts a join pg_roles r on r.rolname = a.role_name
             cross join lateral logic.analyst_settings(a.is_limited) s
             where not coalesce(r.rolconfig @> array[s.name || '=' || s.value], false)
        loop
            begin
                execute format('alter role %I set %I = %L', one.role_name, one.name, one.value);
            exception when insufficient_privilege or unique_violation then
                raise notice 'the setting % of % cannot be set by this role', one.name, one.role_name;
            end;
        end loop;
    end;
    if not exists (select from pg_roles where rolname = 'callboard_reporting') then
        return;
    end if;
    begin
        -- Lets the server end the sessions of the role where it is no superuser.
        if not pg_has_role(current_user, 'callboard_reporting', 'USAGE') then
            execute format('grant callboard_reporting to %I', current_user);
        end if;
        -- A role may change its own defaults. Set only where they differ, because parallel changes of a role fail.
        if not exists (select from pg_roles where rolname = 'callboard_reporting'
                          and rolconfig @> '{default_transaction_read_only=on,statement_timeout=60s,search_path=reporting}') then
            alter role callboard_reporting set default_transaction_read_only = on;
            alter role callboard_reporting set statement_timeout = '60s';
            alter role callboard_reporting set search_path = reporting;
        end if;
    exception when insufficient_privilege or unique_violation then
        raise notice 'the limits of callboard_reporting cannot be set by this role';
    end;
end
$$
