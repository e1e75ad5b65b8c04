-- The schema `reporting_limited`: the same views and functions by the same names, with the rows of the workflows that an analyst may
-- read. Barriers, so that no condition of a query is tried on other rows; that makes joins slower, so other roles read `reporting`.
drop schema if exists reporting_limited cascade;
create schema reporting_limited;
comment on schema reporting_limited is 'Reports for analysts that are limited to workflows: what the schema reporting has, with the rows of these workflows.';

do $$
declare
    one record;
begin
    -- Views with a workflow, and those that name people; all others are about the schema itself.
    for one in
        select c.oid, c.relname as name, obj_description(c.oid, 'pg_class') as comment,
               exists (select from pg_attribute a where a.attrelid = c.oid and a.attname = 'workflow_id') as has_workflow
          from pg_class c where c.relnamespace = 'reporting'::regnamespace and c.relkind = 'v'
    loop
        execute format('create view reporting_limited.%1$I with (security_barrier) as select v.* from reporting.%1$I v where %2$s', one.name,
            case when one.has_workflow then 'v.workflow_id = any ((select logic.workflows_of_analyst())::text[])'
                 when one.name = 'actors' then 'v.actor_id = any ((select logic.actors_of_analyst())::text[])'
                 else 'v.name is not null' end);
        execute format('comment on view reporting_limited.%I is %L', one.name, one.comment);
    end loop;
    for one in
        select v.relname as view, a.attname as name, col_description(v.oid, a.attnum) as comment
          from pg_class v join pg_attribute a on a.attrelid = v.oid and a.attnum > 0
         where v.relnamespace = 'reporting'::regnamespace and v.relkind = 'v'
    loop
        execute format('comment on column reporting_limited.%I.%I is %L', one.view, one.name, one.comment);
    end loop;
    -- Functions of a workflow or a milestone.
    for one in
        select p.proname as name, pg_get_function_arguments(p.oid) as arguments, pg_get_function_result(p.oid) as result, p.proretset as is_set,
               case p.proargnames[1] when 'workflow' then '$1' else '(select m.workflow_id from public.milestones m where m.id = $1)' end as workflow,
               obj_description(p.oid, 'pg_proc') as comment, pg_get_function_identity_arguments(p.oid) as identity,
               (select string_agg('$' || n, ', ') from generate_series(1, p.pronargs) n) as given
          from pg_proc p
         where p.pronamespace = 'reporting'::regnamespace and p.proargnames[1] in ('workflow', 'milestone')
    loop
        execute format('create function reporting_limited.%I(%s) returns %s language sql stable security definer set search_path = pg_catalog, pg_temp as %L',
            one.name, one.arguments, one.result,
            format('select %s reporting.%I(%s) where logic.is_open_to_analyst(%s)', case when one.is_set then '* from' end, one.name, one.given, one.workflow));
        execute format('comment on function reporting_limited.%I(%s) is %L', one.name, one.identity, one.comment);
    end loop;
end
$$;

-- Of the day, week and so on in which a time is; it reads nothing.
create function reporting_limited.period_of(at timestamptz, unit text, time_zone text, first_day date) returns date language sql immutable parallel safe
begin atomic
    select reporting.period_of(at, unit, time_zone, first_day);
end;
comment on function reporting_limited.period_of is 'The first day of the period in which a time is.';
