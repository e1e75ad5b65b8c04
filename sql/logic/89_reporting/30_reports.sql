-- Reports for the API: the entries of the view reporting.reports, as rows with their columns and their SQL.

-- A column of a report as the API names it: durations are seconds, and their names say so. `source` is what selects it.
create function logic.report_column(definition jsonb, out name text, out type text, out source text, out description text)
language sql immutable parallel safe
begin atomic
    select (definition ->> 'name') || case definition ->> 'type' when 'interval' then '_seconds' else '' end,
           case definition ->> 'type' when 'text' then 'text' when 'bigint' then 'integer' when 'integer' then 'integer' when 'double precision' then 'number'
                when 'numeric' then 'number' when 'boolean' then 'boolean' when 'date' then 'date' when 'timestamp with time zone' then 'time'
                when 'interval' then 'seconds' else 'json' end,
           case definition ->> 'type' when 'interval' then format('round(extract(epoch from x.%1$I), 3)::float8 as %2$I', definition ->> 'name',
                    (definition ->> 'name') || '_seconds')
                else format('x.%I', definition ->> 'name') end,
           definition ->> 'description';
end;

-- All columns of a report.
create function logic.report_columns(definitions jsonb) returns jsonb language sql immutable parallel safe
begin atomic
    select jsonb_agg(jsonb_build_object('name', c.name, 'type', c.type, 'description', c.description) order by d.position)
      from jsonb_array_elements(definitions) with ordinality d (definition, position) cross join lateral logic.report_column(d.definition) c;
end;

-- The parameters of a report beside its workflow, as the API names them.
create function logic.report_parameters(arguments text[]) returns jsonb language sql immutable parallel safe
begin atomic
    select coalesce(jsonb_agg(jsonb_build_object('name', p.name, 'description', p.description, 'values', p.allowed) order by p.position), '[]')
      from (values
            (1, 'first_day', 'from', 'The first day, like 2026-01-31. Defaults to the 29th day before the last.', null::jsonb),
            (2, 'last_day', 'to', 'The last day; it is in the range. Defaults to today.', null),
            (3, 'time_zone', 'tz', 'The time zone in which days begin, like Europe/Berlin. Defaults to the workflow''s.', null),
            (4, 'unit', 'unit', 'The length of a period; all for the range as one.', '["day", "week", "month", "quarter", "year", "all"]'),
            (5, 'group_by', 'group', 'What rows are split by. Defaults to nothing.', '["ticket_type", "priority", "agent"]'),
            (6, 'milestone', 'milestone', 'The milestone: its id or name. Required.', null)
           ) p (position, argument, name, description, allowed)
     where p.argument = any (arguments);
end;

-- GET /api/reports: what reports there are.
create function logic.list_reports(caller text) returns jsonb language plpgsql as $$
begin
    perform logic.require_scope(logic.identify_caller(caller), 'read');
    return (select jsonb_build_object('reports', jsonb_agg(jsonb_build_object('name', r.name, 'title', r.title, 'description', r.description,
                        'parameters', logic.report_parameters(r.arguments), 'columns', logic.report_columns(r.columns)) order by r.title))
              from reporting.reports r);
end
$$;

-- The query of a report with its arguments, as an analyst would type it. An argument that is null is left out. `prefix` names the
-- schema: analysts have theirs in the search path, and the schema of those that are limited to workflows has the same names.
create function logic.report_sql(prefix text, report jsonb, workflow text, first_day date, last_day date, zone text, unit text, group_by text, milestone text) returns text
language sql stable
begin atomic
    select case report ->> 'kind'
        when 'function' then format('select * from %s%I(%s)', prefix, report ->> 'name', (
            select string_agg(case when a.name in ('workflow', 'milestone') then format('%L', a.value) else format('%I => %L', a.name, a.value) end, ', ' order by a.position)
              from (values (1, 'workflow', report_sql.workflow), (2, 'first_day', report_sql.first_day::text), (3, 'last_day', report_sql.last_day::text),
                           (4, 'time_zone', report_sql.zone), (5, 'unit', report_sql.unit), (6, 'group_by', report_sql.group_by), (0, 'milestone', report_sql.milestone)) a (position, name, value)
             where a.value is not null and report -> 'arguments' ? a.name))
        else format('select * from %s%I where workflow_id = %L', prefix, report ->> 'name', report_sql.workflow)
            || case when report ->> 'time_column' is null then ''
                    when report -> 'columns' @> jsonb_build_array(jsonb_build_object('name', report ->> 'time_column', 'type', 'date'))
                    then format(' and %I between %L and %L', report ->> 'time_column', first_day, last_day)
                    else format(' and %1$I >= timestamp %2$L at time zone %4$L and %1$I < timestamp %3$L at time zone %4$L',
                                report ->> 'time_column', first_day, last_day + 1, zone) end
            || format(' order by %s', report ->> 'order_by') end;
end;

-- GET /api/reports/{name}: a report of a workflow, its range, columns, rows and SQL for an analyst. `etag` is the number of the newest change in the
-- workflow with all that the report depends on beside; if it is among `known`, there is no body.
create function logic.get_report(caller text, workflow text, report text, from_day text default null, to_day text default null, tz text default null,
                                 unit text default null, group_by text default null, milestone text default null, max_rows int default 1000,
                                 known text[] default '{}', out etag text, out body text)
language plpgsql as $$
declare
    entry jsonb;
    zone text;
    today date;
    first_day date;
    last_day date;
    seq bigint;
    query text;
    found record;
begin
    perform logic.authorize(caller, workflow, 'viewer');
    entry := (select to_jsonb(r) from reporting.reports r where r.name = get_report.report);
    if entry is null then
        perform logic.fail_invalid('name', 'must be one of ' || (select string_agg(r.name, ', ' order by r.name) from reporting.reports r));
    end if;
    perform logic.check_report_arguments(entry, from_day, to_day, unit, group_by, milestone);
    if entry -> 'arguments' ? 'milestone' then
        if milestone is null then
            perform logic.fail_invalid('milestone', format('is required for the report %s', report));
        end if;
        milestone := logic.require_milestone(workflow, 'milestone', milestone);
    end if;
    zone := logic.time_zone_of(workflow, tz);
    today := (now() at time zone zone)::date;
    if entry -> 'arguments' ? 'first_day' then
        last_day := coalesce(logic.parse_day('to', to_day), today);
        first_day := coalesce(logic.parse_day('from', from_day), last_day - 29);
        if first_day > last_day then
            perform logic.fail_invalid('from', 'must not be after to');
        elsif last_day - first_day >= 3660 then
            perform logic.fail_invalid('from', 'must be less than 3,660 days before to');
        end if;
    end if;
    if max_rows not between 1 and 10000 then
        perform logic.fail_invalid('limit', 'must be between 1 and 10000');
    end if;
    seq := (select s.last_seq from streams s where s.stream_id = 'workflow:' || workflow);
    query := logic.report_sql('reporting.', entry, workflow, first_day, last_day, zone, unit, group_by, milestone);
    etag := format('W/"%s:%s:%s"', logic.epoch(), seq, md5(concat_ws('|', query, max_rows, (select f.fingerprint from logic_fingerprint f),
        case when last_day >= today then today end,
        case when (entry ->> 'moves')::boolean then date_trunc('minute', now()) end)));
    if etag = any (known) then
        return;
    end if;
    execute format('select count(*) > $1 as has_more, coalesce(jsonb_agg(r.line order by r.place) filter (where r.place <= $1), ''[]'') as rows
                      from (select row_number() over () as place, to_jsonb(c) as line from (select %s from (%s) x limit $1 + 1) c) r',
        (select string_agg(c.source, ', ' order by d.position)
           from jsonb_array_elements(entry -> 'columns') with ordinality d (definition, position) cross join lateral logic.report_column(d.definition) c), query)
       into found using max_rows;
    body := jsonb_build_object('name', report, 'title', entry -> 'title', 'description', entry -> 'description', 'workflow_id', workflow, 'epoch', logic.epoch(), 'seq', seq,
        'from', first_day, 'to', last_day, 'time_zone', zone, 'unit', unit, 'group', group_by, 'columns', logic.report_columns(entry -> 'columns'),
        'rows', found.rows, 'has_more', found.has_more,
        'sql', logic.report_sql('', entry, workflow, first_day, last_day, zone, unit, group_by, milestone));
end
$$;

-- Fails if a report is given a parameter that it has not, or an unknown value.
create function logic.check_report_arguments(report jsonb, from_day text, to_day text, unit text, group_by text, milestone text) returns void language plpgsql stable as $$
declare
    one record;
begin
    for one in
        select a.field, a.value, a.argument, p.parameter -> 'values' as allowed
          from (values ('from', from_day, 'first_day'), ('to', to_day, 'last_day'), ('unit', unit, 'unit'), ('group', group_by, 'group_by'),
                       ('milestone', milestone, 'milestone')) a (field, value, argument)
         cross join lateral (select logic.report_parameters(array[a.argument]) -> 0 as parameter) p
         where a.value is not null
    loop
        if not report -> 'arguments' ? one.argument then
            perform logic.fail_invalid(one.field, format('does not apply to the report %s', report ->> 'name'));
        elsif jsonb_typeof(one.allowed) = 'array' and not one.allowed ? one.value then
            perform logic.fail_invalid(one.field, 'must be one of ' || (select string_agg(v, ', ') from jsonb_array_elements_text(one.allowed) v));
        end if;
    end loop;
end
$$;
