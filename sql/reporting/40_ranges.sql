-- Ranges of days, for the functions below. Each takes a workflow, the first and the last day (both are in it; by default the last
-- 30 days) and a time zone in which days begin (by default the workflow's).

-- The time zone to use.
create function reporting.zone_of(workflow text, time_zone text default null) returns text language sql stable
begin atomic
    select coalesce(zone_of.time_zone, (select w.time_zone from reporting.workflows w where w.workflow_id = zone_of.workflow), 'UTC');
end;

-- The last day of a range.
create function reporting.last_day_of(workflow text, last_day date default null, time_zone text default null) returns date language sql stable
begin atomic
    select coalesce(last_day_of.last_day, (now() at time zone reporting.zone_of(last_day_of.workflow, last_day_of.time_zone))::date);
end;

-- The first day of a range.
create function reporting.first_day_of(workflow text, first_day date default null, last_day date default null, time_zone text default null)
returns date language sql stable
begin atomic
    select coalesce(first_day_of.first_day, reporting.last_day_of(first_day_of.workflow, first_day_of.last_day, first_day_of.time_zone) - 29);
end;

-- When a range begins and ends; the end is not in it.
create function reporting.start_of(workflow text, first_day date default null, last_day date default null, time_zone text default null)
returns timestamptz language sql stable
begin atomic
    select reporting.first_day_of(start_of.workflow, start_of.first_day, start_of.last_day, start_of.time_zone)::timestamp
           at time zone reporting.zone_of(start_of.workflow, start_of.time_zone);
end;
create function reporting.end_of(workflow text, last_day date default null, time_zone text default null) returns timestamptz language sql stable
begin atomic
    select (reporting.last_day_of(end_of.workflow, end_of.last_day, end_of.time_zone) + 1)::timestamp
           at time zone reporting.zone_of(end_of.workflow, end_of.time_zone);
end;

-- All of it as one row.
create function reporting.range_of(workflow text, first_day date default null, last_day date default null, time_zone text default null)
returns table (zone text, from_day date, to_day date, starts_at timestamptz, ends_at timestamptz) language sql stable rows 1
begin atomic
    select reporting.zone_of(range_of.workflow, range_of.time_zone),
           reporting.first_day_of(range_of.workflow, range_of.first_day, range_of.last_day, range_of.time_zone),
           reporting.last_day_of(range_of.workflow, range_of.last_day, range_of.time_zone),
           reporting.start_of(range_of.workflow, range_of.first_day, range_of.last_day, range_of.time_zone),
           reporting.end_of(range_of.workflow, range_of.last_day, range_of.time_zone)
    -- Computed once, not for each row that is compared with it.
    offset 0;
end;

-- The first day of the day, week (from Monday), month, quarter or year in which a time is; of the whole range for `all`.
create function reporting.period_of(at timestamptz, unit text, time_zone text, first_day date) returns date language sql immutable parallel safe
begin atomic
    select case unit when 'all' then first_day when 'day' then (at at time zone time_zone)::date
                else date_trunc(unit, at at time zone time_zone)::date end;
end;

-- The periods of a range, also those in which nothing happened.
create function reporting.periods(workflow text, first_day date default null, last_day date default null, time_zone text default null, unit text default 'day')
returns table (period date, starts_at timestamptz, ends_at timestamptz) language sql stable
begin atomic
    with
    -- The range.
    r as materialized (
        select reporting.first_day_of(periods.workflow, periods.first_day, periods.last_day, periods.time_zone) as first_day,
               reporting.last_day_of(periods.workflow, periods.last_day, periods.time_zone) as last_day,
               reporting.zone_of(periods.workflow, periods.time_zone) as zone
    )
    select d.period, greatest(d.period, r.first_day)::timestamp at time zone r.zone,
           least(case when periods.unit = 'all' then r.last_day + 1 else (d.period + ('1 ' || periods.unit)::interval)::date end, r.last_day + 1)::timestamp at time zone r.zone
      from r
     cross join lateral (
        select r.first_day as period where periods.unit = 'all'
        union all
        select g::date from generate_series(date_trunc(periods.unit, r.first_day::timestamp), r.last_day::timestamp, ('1 ' || periods.unit)::interval) g
         where periods.unit <> 'all') d;
end;
