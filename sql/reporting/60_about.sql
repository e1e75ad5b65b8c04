-- What this schema has. The version is raised when a view, a function or a column changes or is added.
create view reporting.about as
select c.relname::text as name, 'view' as kind, null::text as arguments, obj_description(c.oid, 'pg_class') as description, 3 as version
  from pg_catalog.pg_class c
 where c.relnamespace = 'reporting'::regnamespace and c.relkind = 'v'
union all
select p.proname::text, 'function', pg_get_function_arguments(p.oid), split_part(obj_description(p.oid, 'pg_proc'), E'\n', 1), 3
  from pg_catalog.pg_proc p
 where p.pronamespace = 'reporting'::regnamespace;
