-- Work in progress, blocked time, reopening, workload, hand-offs, duplicates, commits, searches.

-- A row for each ticket in an active column.
create view reporting.wip as
select t.workflow_id, t.ticket_id, t.key, t.title, t.status, t.status_name, t.assigned_agent_id, t.assigned_to, t.is_blocked, t.story_points,
       t.started_at, now() - coalesce(t.started_at, t.created_at) as age,
       (select now() - max(s.entered_at) from reporting.stays s
         where s.workflow_id = t.workflow_id and s.ticket_id = t.ticket_id and s.left_at is null) as age_in_status
  from reporting.tickets t
 where t.status_category = 'active';

-- How much is in each active column now, beside its limit, and how old.
create function reporting.wip_age(workflow text)
returns table (status text, status_name text, tickets bigint, wip_limit bigint, is_over_limit boolean, story_points double precision,
               average_age interval, p50 interval, p85 interval, oldest interval) language sql stable
begin atomic
    select c.status, c.status_name, count(t.ticket_id), c.wip_limit, coalesce(count(t.ticket_id) > c.wip_limit, false),
           coalesce(sum(t.story_points), 0), make_interval(secs => avg(t.age)), make_interval(secs => percentile_cont(0.5) within group (order by t.age)),
           make_interval(secs => percentile_cont(0.85) within group (order by t.age)), make_interval(secs => max(t.age))
      from reporting.columns c
      left join lateral (
            select t.ticket_id, t.story_points, date_part('epoch', now() - coalesce(t.started_at, t.created_at)) as age
              from reporting.tickets t where t.workflow_id = c.workflow_id and t.status = c.status) t on true
     where c.workflow_id = wip_age.workflow and c.status_category = 'active'
     group by c.status, c.status_name, c.wip_limit, c.position
     order by c.position, c.status;
end;

-- What is open now, by type and priority.
create function reporting.open_tickets(workflow text)
returns table (ticket_type text, priority text, tickets bigint, active bigint, blocked bigint, story_points double precision) language sql stable
begin atomic
    select t.ticket_type, t.priority, count(*), count(*) filter (where t.status_category = 'active'), count(*) filter (where t.is_blocked),
           coalesce(sum(t.story_points), 0)
      from reporting.tickets t
     where t.workflow_id = open_tickets.workflow and not t.is_resolved
     group by t.ticket_type, t.priority
     order by t.ticket_type, array_position(array['critical', 'high', 'medium', 'low'], t.priority);
end;

-- How long tickets were blocked in each period: the part of each time that falls into it.
create function reporting.blocked_time(workflow text, first_day date default null, last_day date default null, time_zone text default null, unit text default 'all')
returns table (period date, tickets bigint, blocked_time interval, longest interval) language sql stable
begin atomic
    select p.period, count(distinct b.ticket_id), coalesce(sum(b.overlap), '0'), coalesce(max(b.overlap), '0')
      from reporting.periods(blocked_time.workflow, blocked_time.first_day, blocked_time.last_day, blocked_time.time_zone, blocked_time.unit) p
      left join (
            select p.period, b.ticket_id, least(coalesce(b.unblocked_at, now()), p.ends_at) - greatest(b.blocked_at, p.starts_at) as overlap
              from (select b.ticket_id, b.blocked_at, b.unblocked_at from reporting.blocked_times b
                     where b.workflow_id = blocked_time.workflow
                       and b.blocked_at < (select reporting.end_of(blocked_time.workflow, blocked_time.last_day, blocked_time.time_zone))
                       and coalesce(b.unblocked_at, 'infinity') > (
                            select reporting.start_of(blocked_time.workflow, blocked_time.first_day, blocked_time.last_day, blocked_time.time_zone))) b
              join reporting.periods(blocked_time.workflow, blocked_time.first_day, blocked_time.last_day, blocked_time.time_zone, blocked_time.unit) p
                on b.blocked_at < p.ends_at and coalesce(b.unblocked_at, now()) > p.starts_at) b on b.period = p.period
     group by p.period
     order by p.period;
end;

-- How many completed tickets were reopened, by the time of the reopening, beside how many were completed.
create function reporting.reopen_rate(workflow text, first_day date default null, last_day date default null, time_zone text default null, unit text default 'all')
returns table (period date, completed bigint, reopened bigint, rate double precision) language sql stable
begin atomic
    select p.period, coalesce(c.completed, 0), coalesce(o.reopened, 0), o.reopened::float8 / nullif(c.completed, 0)
      from reporting.periods(reopen_rate.workflow, reopen_rate.first_day, reopen_rate.last_day, reopen_rate.time_zone, reopen_rate.unit) p
      left join (
            select t.period, t.completed from reporting.throughput(reopen_rate.workflow, reopen_rate.first_day, reopen_rate.last_day, reopen_rate.time_zone,
                                                                   reopen_rate.unit) t) c on c.period = p.period
      left join (
            select reporting.period_of(d.reopened_at, reopen_rate.unit, r.zone, r.from_day) as period,
                   count(*) as reopened
              from reporting.range_of(reopen_rate.workflow, reopen_rate.first_day, reopen_rate.last_day, reopen_rate.time_zone) r
             cross join reporting.completions d
             where d.workflow_id = reopen_rate.workflow
               and d.reopened_at >= (select reporting.start_of(reopen_rate.workflow, reopen_rate.first_day, reopen_rate.last_day, reopen_rate.time_zone))
               and d.reopened_at < (select reporting.end_of(reopen_rate.workflow, reopen_rate.last_day, reopen_rate.time_zone))
             group by 1) o on o.period = p.period
     order by p.period;
end;

-- What each assignee has now, and completed in the range.
create function reporting.workload(workflow text, first_day date default null, last_day date default null, time_zone text default null)
returns table (agent_id text, agent text, open bigint, active bigint, blocked bigint, open_points double precision,
               completed bigint, completed_points double precision, median_cycle_time interval) language sql stable
begin atomic
    select coalesce(o.agent_id, d.agent_id), a.actor, coalesce(o.open, 0), coalesce(o.active, 0), coalesce(o.blocked, 0), coalesce(o.points, 0),
           coalesce(d.completed, 0), coalesce(d.points, 0), make_interval(secs => d.median)
      from (select t.assigned_agent_id as agent_id, count(*) as open, count(*) filter (where t.status_category = 'active') as active,
                   count(*) filter (where t.is_blocked) as blocked, sum(t.story_points) as points
              from reporting.tickets t
             where t.workflow_id = workload.workflow and not t.is_resolved
             group by t.assigned_agent_id) o
      full join (
            select c.agent_id, count(*) as completed, sum(c.story_points) as points,
                   percentile_cont(0.5) within group (order by case when not c.is_suspect then date_part('epoch', c.cycle_time) end) as median
              from reporting.completions_in(workload.workflow, workload.first_day, workload.last_day, workload.time_zone) c
             group by c.agent_id) d on coalesce(d.agent_id, '') = coalesce(o.agent_id, '')
      left join reporting.actors a on a.actor_id = coalesce(o.agent_id, d.agent_id)
     order by 3 desc, 7 desc, 1;
end;

-- How often tickets went from one assignee to another in the range.
create function reporting.hand_offs(workflow text, first_day date default null, last_day date default null, time_zone text default null)
returns table (from_agent_id text, from_agent text, to_agent_id text, to_agent text, hand_offs bigint, tickets bigint, average_held interval) language sql stable
begin atomic
    select f.agent_id, f.agent, t.agent_id, t.agent, count(*), count(distinct f.ticket_id), avg(f.ended_at - f.assigned_at)
      from reporting.assignments f
      join reporting.assignments t on t.workflow_id = f.workflow_id and t.ticket_id = f.ticket_id and t.assigned_at = f.ended_at and t.agent_id <> f.agent_id
     where f.workflow_id = hand_offs.workflow and t.workflow_id = hand_offs.workflow and f.ended_by = 'assigned'
       and f.ended_at >= (select reporting.start_of(hand_offs.workflow, hand_offs.first_day, hand_offs.last_day, hand_offs.time_zone))
       and f.ended_at < (select reporting.end_of(hand_offs.workflow, hand_offs.last_day, hand_offs.time_zone))
       and t.assigned_at >= (select reporting.start_of(hand_offs.workflow, hand_offs.first_day, hand_offs.last_day, hand_offs.time_zone))
     group by f.agent_id, f.agent, t.agent_id, t.agent
     order by 5 desc, 1, 3;
end;

-- Tickets that were merged as duplicates in each period, beside those created, and the pairs found likely to be the same.
create function reporting.duplicate_prevention(workflow text, first_day date default null, last_day date default null, time_zone text default null, unit text default 'all')
returns table (period date, created bigint, merged bigint, merged_rate double precision, likely_pairs bigint) language sql stable
begin atomic
    select p.period, coalesce(c.created, 0), coalesce(m.merged, 0), m.merged::float8 / nullif(c.created, 0), coalesce(l.pairs, 0)
      from reporting.periods(duplicate_prevention.workflow, duplicate_prevention.first_day, duplicate_prevention.last_day, duplicate_prevention.time_zone, duplicate_prevention.unit) p
      left join (
            select t.period, sum(t.created) as created
              from reporting.throughput(duplicate_prevention.workflow, duplicate_prevention.first_day, duplicate_prevention.last_day, duplicate_prevention.time_zone, duplicate_prevention.unit) t
             group by t.period) c on c.period = p.period
      left join (
            select reporting.period_of(s.left_at, duplicate_prevention.unit, r.zone, r.from_day) as period,
                   count(*) as merged
              from reporting.range_of(duplicate_prevention.workflow, duplicate_prevention.first_day, duplicate_prevention.last_day, duplicate_prevention.time_zone) r
             cross join reporting.column_times s
             where s.workflow_id = duplicate_prevention.workflow and s.ended_by = 'ticket_merged'
               and s.left_at >= (select reporting.start_of(duplicate_prevention.workflow, duplicate_prevention.first_day, duplicate_prevention.last_day, duplicate_prevention.time_zone))
               and s.left_at < (select reporting.end_of(duplicate_prevention.workflow, duplicate_prevention.last_day, duplicate_prevention.time_zone))
             group by 1) m on m.period = p.period
      left join lateral (
            select count(*) as pairs from reporting.likely_duplicates d
             where d.workflow_id = duplicate_prevention.workflow and d.found_at >= p.starts_at and d.found_at < p.ends_at) l on true
     order by p.period;
end;

-- How many of the tickets completed in each period have a commit.
create function reporting.commit_linking(workflow text, first_day date default null, last_day date default null, time_zone text default null, unit text default 'all')
returns table (period date, completed bigint, with_commits bigint, rate double precision) language sql stable
begin atomic
    select x.period, count(*), count(*) filter (where x.has_commits), count(*) filter (where x.has_commits)::float8 / count(*)
      from (select c.period, exists (select from reporting.commits m where m.ticket_id = c.ticket_id) as has_commits
              from reporting.completions_in(commit_linking.workflow, commit_linking.first_day, commit_linking.last_day, commit_linking.time_zone, commit_linking.unit) c
           ) x
     group by x.period
     order by x.period;
end;

-- The kept searches of each day, and by how many people: of each person the 20 newest different ones are kept.
create function reporting.search_use(workflow text, first_day date default null, last_day date default null, time_zone text default null, unit text default 'day')
returns table (period date, searches bigint, people bigint, with_filters bigint) language sql stable
begin atomic
    select p.period, count(s.at), count(distinct s.actor_id), count(s.at) filter (where s.has_filters)
      from reporting.periods(search_use.workflow, search_use.first_day, search_use.last_day, search_use.time_zone, search_use.unit) p
      left join reporting.searches s on s.workflow_id = search_use.workflow and s.kind = 'recent' and s.at >= p.starts_at and s.at < p.ends_at
     group by p.period
     order by p.period;
end;

-- The share of the cycle time in which completed tickets were worked on: in an active column and not blocked. Without suspect rows and
-- imported tickets, of which no times in columns are known.
create function reporting.flow_efficiency(workflow text, first_day date default null, last_day date default null, time_zone text default null, unit text default 'all')
returns table (period date, completed bigint, active_time interval, cycle_time interval, efficiency double precision) language sql stable
begin atomic
    select c.period, count(*), sum(c.active_time), sum(c.cycle_time),
           date_part('epoch', sum(c.active_time)) / nullif(date_part('epoch', sum(c.cycle_time)), 0)
      from reporting.completions_in(flow_efficiency.workflow, flow_efficiency.first_day, flow_efficiency.last_day, flow_efficiency.time_zone, flow_efficiency.unit) c
     where not c.is_suspect and not c.is_estimated and c.cycle_time is not null
     group by c.period
     order by c.period;
end;

-- Findings that were opened and closed in each period, by kind.
create function reporting.finding_counts(workflow text, first_day date default null, last_day date default null, time_zone text default null, unit text default 'all')
returns table (period date, kind text, opened bigint, closed bigint, open_for interval) language sql stable
begin atomic
    select p.period, f.kind, count(*) filter (where f.opened_at >= p.starts_at and f.opened_at < p.ends_at),
           count(*) filter (where f.closed_at >= p.starts_at and f.closed_at < p.ends_at),
           avg(f.open_for) filter (where f.closed_at >= p.starts_at and f.closed_at < p.ends_at)
      from reporting.periods(finding_counts.workflow, finding_counts.first_day, finding_counts.last_day, finding_counts.time_zone, finding_counts.unit) p
      join reporting.findings f on f.workflow_id = finding_counts.workflow
       and (f.opened_at >= p.starts_at and f.opened_at < p.ends_at or f.closed_at >= p.starts_at and f.closed_at < p.ends_at)
     group by p.period, f.kind
     order by p.period, f.kind;
end;
