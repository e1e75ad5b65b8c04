-- How work flows: lead and cycle times, time in columns, throughput, cumulative flow.

-- Completions of a range, with their period, and their type, priority or assignee (`agent`) to group by. Of a ticket that was reopened
-- and completed again, both.
create function reporting.completions_in(workflow text, first_day date default null, last_day date default null, time_zone text default null, unit text default 'all',
                                         group_by text default null)
returns table (period date, ticket_id text, completed_at timestamptz, reopened_at timestamptz, lead_time interval, cycle_time interval, active_time interval,
               blocked_time interval, story_points double precision, agent_id text, is_estimated boolean, is_suspect boolean, group_value text)
language sql stable
begin atomic
    select reporting.period_of(c.completed_at, completions_in.unit, r.zone, r.from_day),
           c.ticket_id, c.completed_at, c.reopened_at, c.lead_time, c.cycle_time, c.active_time, c.blocked_time, c.story_points, c.agent_id,
           c.is_estimated, c.is_suspect,
           case completions_in.group_by when 'ticket_type' then c.ticket_type when 'priority' then c.priority when 'agent' then c.agent_id end
      from reporting.range_of(completions_in.workflow, completions_in.first_day, completions_in.last_day, completions_in.time_zone) r
     cross join reporting.completions c
     where c.workflow_id = completions_in.workflow
       and c.completed_at >= (select reporting.start_of(completions_in.workflow, completions_in.first_day, completions_in.last_day, completions_in.time_zone))
       and c.completed_at < (select reporting.end_of(completions_in.workflow, completions_in.last_day, completions_in.time_zone));
end;

-- Lead time (from creation) and cycle time (from the first entry into an active column) of what was completed. Suspect rows
-- (reporting.quality) are counted, but not in the times.
create function reporting.cycle_times(workflow text, first_day date default null, last_day date default null, time_zone text default null, unit text default 'all',
                                      group_by text default null)
returns table (period date, completed bigint, excluded bigint, with_cycle_time bigint,
               lead_average interval, lead_p50 interval, lead_p85 interval, lead_p95 interval,
               cycle_average interval, cycle_p50 interval, cycle_p85 interval, cycle_p95 interval, group_value text) language sql stable
begin atomic
    select x.period, x.completed, x.excluded, x.with_cycle_time, make_interval(secs => x.lead_average), make_interval(secs => x.leads[1]),
           make_interval(secs => x.leads[2]), make_interval(secs => x.leads[3]), make_interval(secs => x.cycle_average),
           make_interval(secs => x.cycles[1]), make_interval(secs => x.cycles[2]), make_interval(secs => x.cycles[3]), x.group_value
      from (select s.period, s.group_value, count(*) as completed, count(*) filter (where s.is_suspect) as excluded, count(s.cycle) as with_cycle_time,
                   avg(s.lead) as lead_average, percentile_cont(array[0.5, 0.85, 0.95]) within group (order by s.lead) as leads,
                   avg(s.cycle) as cycle_average, percentile_cont(array[0.5, 0.85, 0.95]) within group (order by s.cycle) as cycles
              from (select c.period, c.group_value, c.is_suspect, case when not c.is_suspect then date_part('epoch', c.lead_time) end as lead,
                           case when not c.is_suspect then date_part('epoch', c.cycle_time) end as cycle
                      from reporting.completions_in(cycle_times.workflow, cycle_times.first_day, cycle_times.last_day, cycle_times.time_zone, cycle_times.unit, cycle_times.group_by) c) s
             group by s.period, s.group_value) x
     order by x.period, x.group_value;
end;

-- How long the stays in each column were that ended in the range. Columns are named as they are now.
create function reporting.time_in_status(workflow text, first_day date default null, last_day date default null, time_zone text default null)
returns table (status text, status_name text, stays bigint, total_time interval, average_time interval, p50 interval, p85 interval, longest interval)
language sql stable
begin atomic
    select c.column_now, c.column_name, x.stays, make_interval(secs => x.total), make_interval(secs => x.average),
           make_interval(secs => x.times[1]), make_interval(secs => x.times[2]), make_interval(secs => x.longest)
      from (select s.column_key, count(*) as stays, sum(s.seconds) as total, avg(s.seconds) as average, max(s.seconds) as longest,
                   percentile_cont(array[0.5, 0.85]) within group (order by s.seconds) as times
              from (select s.column_key, s.seconds
                      from reporting.column_times s
                     where s.workflow_id = time_in_status.workflow
                       and s.left_at >= (select reporting.start_of(time_in_status.workflow, time_in_status.first_day, time_in_status.last_day, time_in_status.time_zone))
                       and s.left_at < (select reporting.end_of(time_in_status.workflow, time_in_status.last_day, time_in_status.time_zone))) s
             group by s.column_key) x
      join reporting.column_names c on c.workflow_id = time_in_status.workflow and c.column_key = x.column_key
     order by c.position, c.column_now;
end;

-- Tickets created and completed, and the story points of the completed ones (velocity), for each period of the range.
create function reporting.throughput(workflow text, first_day date default null, last_day date default null, time_zone text default null, unit text default 'day')
returns table (period date, created bigint, completed bigint, story_points double precision, without_points bigint) language sql stable
begin atomic
    select p.period, coalesce(c.created, 0), coalesce(c.completed, 0), coalesce(c.story_points, 0), coalesce(c.without_points, 0)
      from reporting.periods(throughput.workflow, throughput.first_day, throughput.last_day, throughput.time_zone, throughput.unit) p
      left join (
            select reporting.period_of(n.quarter, throughput.unit, r.zone, r.from_day) as period, sum(n.created) as created, sum(n.completed) as completed,
                   sum(n.story_points) as story_points, sum(n.without_points) as without_points
              from reporting.range_of(throughput.workflow, throughput.first_day, throughput.last_day, throughput.time_zone) r
             cross join reporting.counts n
             where n.workflow_id = throughput.workflow
               and n.quarter >= (select reporting.start_of(throughput.workflow, throughput.first_day, throughput.last_day, throughput.time_zone))
               and n.quarter < (select reporting.end_of(throughput.workflow, throughput.last_day, throughput.time_zone))
             group by 1) c on c.period = p.period
     order by p.period;
end;

-- How many tickets stood in each column at the end of each day (today: now). Deleted and merged tickets are in it until then.
create function reporting.cumulative_flow(workflow text, first_day date default null, last_day date default null, time_zone text default null)
returns table (day date, status text, status_name text, status_category text, tickets bigint) language sql stable
begin atomic
    with
    -- The range.
    r as materialized (
        select * from reporting.range_of(cumulative_flow.workflow, cumulative_flow.first_day, cumulative_flow.last_day, cumulative_flow.time_zone)
    ),
    -- The net number of tickets that entered each column on each day of the range; and before it, in whole days in UTC and the rest.
    net as materialized (
        select n.column_key, n.day, sum(n.tickets) as tickets
          from (select f.column_key, (f.quarter at time zone r.zone)::date as day, f.net as tickets
                  from r cross join reporting.column_flow f
                 where f.workflow_id = cumulative_flow.workflow
                   and f.quarter >= (select r.starts_at from r) and f.quarter < (select r.ends_at from r)
                union all
                select f.column_key, (select r.from_day - 1 from r), f.net
                  from reporting.column_flow f
                 where f.workflow_id = cumulative_flow.workflow
                   and f.quarter >= (select date_trunc('day', r.starts_at, 'UTC') from r) and f.quarter < (select r.starts_at from r)
                union all
                select d.column_key, (select r.from_day - 1 from r), d.net
                  from reporting.column_flow_days d
                 where d.workflow_id = cumulative_flow.workflow and d.day < (select (r.starts_at at time zone 'UTC')::date from r)) n
         group by n.column_key, n.day
    ),
    -- Each column on each day, and the day before.
    grid as (
        select g::date as day, k.column_key from r
         cross join lateral generate_series((r.from_day - 1)::timestamp, least(r.to_day, reporting.last_day_of(cumulative_flow.workflow, null, cumulative_flow.time_zone))::timestamp, '1 day') g
         cross join (select distinct n.column_key from net n) k
    )
    select x.day, x.column_now, x.column_name, x.status_category, x.tickets
      from (select g.day, c.column_now, c.column_name, c.status_category, c.position,
                   (sum(coalesce(n.tickets, 0)) over (partition by g.column_key order by g.day))::bigint as tickets
              from grid g
              join reporting.column_names c on c.workflow_id = cumulative_flow.workflow and c.column_key = g.column_key
              left join net n on n.column_key = g.column_key and n.day = g.day) x
     where x.day >= (select r.from_day from r)
     order by x.day, x.position, x.column_now;
end;
