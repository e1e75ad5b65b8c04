-- Analysts: roles of the database that read the schema `reporting`, or, limited to some workflows, the schema `reporting_limited`.

-- Whether the role that signed in may read what a workflow has. Roles of analysts that are not listed see nothing. Runs with the
-- rights of its owner, because views for these roles call it.
create function logic.is_open_to_analyst(workflow text) returns boolean
language sql stable security definer set search_path = public, pg_temp
begin atomic
    select case when session_user !~ '^callboard_analyst_' then true
                else exists (select from analysts a
                              where a.role_name = session_user
                                and (not a.is_limited or exists (select from analyst_workflows w where w.role_name = a.role_name and w.workflow_id = workflow))) end;
end;

-- The same as a list, which a view reads once.
create function logic.workflows_of_analyst() returns text[]
language sql stable security definer set search_path = public, pg_temp
begin atomic
    select coalesce(array_agg(w.id), '{}') from workflows w where logic.is_open_to_analyst(w.id);
end;

-- The people, agents and services in workflows that the role may read: members, assignees and who changed something.
create function logic.actors_of_analyst() returns text[]
language sql stable security definer set search_path = public, pg_temp
begin atomic
    select coalesce(array_agg(distinct x.id), '{}')
      from (select m.actor_id as id from workflow_members m where m.workflow_id = any (logic.workflows_of_analyst())
            union all
            select t.assigned_agent_id from tickets t where t.workflow_id = any (logic.workflows_of_analyst()) and t.assigned_agent_id is not null) x;
end;

-- The settings of an analyst's role. The role may change all but the last for itself, so the server ends sessions beyond them
-- (sql/queries/reporting/end_sessions.sql).
create function logic.analyst_settings(is_limited boolean) returns table (name text, value text) language sql immutable
begin atomic
    values ('default_transaction_read_only', 'on'), ('statement_timeout', '60s'), ('idle_in_transaction_session_timeout', '60s'), ('lock_timeout', '5s'),
           ('work_mem', '16MB'), ('search_path', case when is_limited then 'reporting_limited' else 'reporting' end), ('temp_file_limit', '1GB');
end;

-- Lets an analyst's role read its schema and nothing else.
create function logic.grant_to_analyst(role_name text, is_limited boolean) returns void language plpgsql as $$
declare
    schema constant text := case when is_limited then 'reporting_limited' else 'reporting' end;
begin
    execute format('revoke all on schema reporting, reporting_limited from %I', role_name);
    execute format('revoke all on all tables in schema reporting, reporting_limited from %I', role_name);
    execute format('revoke all on all functions in schema reporting, reporting_limited from %I', role_name);
    execute format('grant usage on schema %I to %I', schema, role_name);
    execute format('grant select on all tables in schema %I to %I', schema, role_name);
    execute format('grant execute on all functions in schema %I to %I', schema, role_name);
end
$$;

-- What creates or changes a role, statement by statement; each may be run alone.
create function logic.analyst_statements(role_name text, password text, is_limited boolean) returns text[] language sql stable
begin atomic
    select array[
        case when exists (select from pg_catalog.pg_roles r where r.rolname = analyst_statements.role_name)
             then format('alter role %I login password %L', analyst_statements.role_name, password)
             else format('create role %I login nosuperuser nocreatedb nocreaterole noinherit connection limit 5 password %L', analyst_statements.role_name, password) end,
        format('grant %I to %I', analyst_statements.role_name, current_user),
        format('grant connect on database %I to %I', current_database(), analyst_statements.role_name)]
        || (select array_agg(format('alter role %I set %I = %L', analyst_statements.role_name, s.name, s.value)) from logic.analyst_settings(is_limited) s);
end;

-- Adds an analyst, or changes an analyst's password and workflows: with an empty list the role reads all of them, and null leaves
-- them as they are (a new analyst reads all). `is_limited` says what it is. `password` is its
-- SCRAM verifier, so that the password itself is never sent. Where this role may not create roles, nothing is created: `sql` is what an
-- administrator runs, after which the same call works. Operators call it.
create function logic.add_analyst(name text, workflows text[], password text) returns jsonb language plpgsql as $$
declare
    analyst constant text := 'callboard_analyst_' || name;
    is_limited constant boolean := coalesce(cardinality(workflows) > 0, (select a.is_limited from analysts a where a.role_name = analyst), false);
    statements text[];
    one text;
begin
    if name !~ '^[a-z0-9_]{1,40}$' then
        perform logic.fail_invalid('name', 'must have 1 to 40 of the characters a to z, 0 to 9 and _');
    end if;
    statements := logic.analyst_statements(analyst, password, is_limited);
    begin
        foreach one in array statements loop
            begin
                execute one;
            exception when insufficient_privilege then
                -- Only superusers limit the files of temporary data; a role need not be granted to its creator twice.
                if one !~ 'temp_file_limit|^grant' then
                    raise;
                end if;
            end;
        end loop;
    exception when insufficient_privilege then
        return jsonb_build_object('role', analyst, 'created', false, 'sql', array_to_string(statements, E';\n') || ';');
    end;
    insert into analysts (role_name, is_limited) values (analyst, is_limited)
    on conflict on constraint analysts_pkey do update set is_limited = excluded.is_limited;
    if workflows is not null then
        delete from analyst_workflows w where w.role_name = analyst;
        insert into analyst_workflows (role_name, workflow_id) select analyst, w.id from unnest(workflows) w (id);
    end if;
    perform logic.grant_to_analyst(analyst, is_limited);
    return jsonb_build_object('role', analyst, 'created', true, 'is_limited', is_limited);
end
$$;

-- All analysts with the workflows that they are limited to. Operators call it.
create function logic.list_analysts() returns jsonb language sql stable
begin atomic
    select coalesce(jsonb_agg(jsonb_build_object('name', substr(a.role_name, length('callboard_analyst_') + 1), 'role', a.role_name, 'created_at', a.created_at,
                'exists', exists (select from pg_catalog.pg_roles r where r.rolname = a.role_name),
                'workflows', case when a.is_limited then (
                    select coalesce(jsonb_agg(jsonb_build_object('workflow_id', w.id, 'name', w.name) order by w.name, w.id), '[]')
                      from public.analyst_workflows l join public.workflows w on w.id = l.workflow_id where l.role_name = a.role_name) end) order by a.role_name), '[]')
      from public.analysts a;
end;

-- Removes an analyst: ends the sessions and drops the role. Operators call it.
create function logic.remove_analyst(name text) returns jsonb language plpgsql as $$
declare
    analyst constant text := 'callboard_analyst_' || name;
begin
    delete from analysts a where a.role_name = analyst;
    if not found then
        perform logic.fail('not_found', format('There is no analyst %s.', name));
    end if;
    if exists (select from pg_roles r where r.rolname = analyst) then
        execute format('alter role %I nologin', analyst);
        perform pg_terminate_backend(s.pid) from pg_stat_activity s where s.usename = analyst;
        perform lo_unlink(m.oid) from pg_largeobject_metadata m join pg_roles r on r.oid = m.lomowner where r.rolname = analyst;
        execute format('drop owned by %I', analyst);
        begin
            execute format('drop role %I', analyst);
        exception when dependent_objects_still_exist then
            -- Another database of the same server knows the role; it can no longer sign in.
            raise notice 'the role % has rights in other databases and was only disabled', analyst;
        end;
    end if;
    return jsonb_build_object('role', analyst);
exception when insufficient_privilege then
    return jsonb_build_object('role', analyst, 'sql', format(E'drop owned by %1$I;\ndrop role %1$I;', analyst));
end
$$;

-- Sets the password of the role that reads all workflows, as logic.add_analyst does. Operators call it.
create function logic.set_reporting_password(password text) returns jsonb language plpgsql as $$
declare
    change constant text := format('alter role callboard_reporting password %L', password);
begin
    execute change;
    return jsonb_build_object('role', 'callboard_reporting', 'created', true);
exception when insufficient_privilege or undefined_object then
    return jsonb_build_object('role', 'callboard_reporting', 'created', false, 'sql',
        case when exists (select from pg_roles r where r.rolname = 'callboard_reporting') then ''
             else E'create role callboard_reporting login connection limit 20;\n' end || change || ';');
end
$$;

-- Where Postgres listens, and whether the role that reads all workflows has a password: null where this role may not know. Operators call it.
create function logic.get_reporting_access() returns jsonb language plpgsql as $$
declare
    has_password boolean;
begin
    begin
        has_password := (select a.rolpassword is not null from pg_authid a where a.rolname = 'callboard_reporting');
    exception when insufficient_privilege then
        has_password := null;
    end;
    return jsonb_build_object('listen_addresses', current_setting('listen_addresses'), 'port', current_setting('port')::int, 'has_password', has_password);
end
$$;
