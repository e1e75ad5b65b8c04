-- Milestones: as they are, and how they came along, from history.

create view reporting.milestones as
select m.workflow_id, m.id as milestone_id, m.name as milestone, m.description, m.starts_on, m.due_on, m.closed_at, m.created_at,
       m.closed_at is null and coalesce(m.due_on < (now() at time zone w.time_zone)::date, false) as is_overdue,
       n.tickets, n.completed, n.story_points, n.completed_points, n.without_points
  from public.milestones m
  join public.workflows w on w.id = m.workflow_id
 cross join lateral (
       select count(*) as tickets, count(t.completed_at) as completed, coalesce(sum(t.story_points), 0) as story_points,
              coalesce(sum(t.story_points) filter (where t.completed_at is not null), 0) as completed_points,
              count(*) filter (where t.story_points is null) as without_points
         from public.tickets t
        where t.milestone_id = m.id and t.deleted_at is null and t.merged_into_ticket_id is null) n;

create view reporting.milestone_tickets as
select s.workflow_id, s.value as milestone_id, s.ticket_id, s.story_points, s.started_at as added_at, s.ended_at as removed_at,
       s.ended_by, s.is_estimated
  from logic.flow_spans s
 where s.kind = 'milestone';

-- The days of a milestone's charts: from its start to its due day, or as long as it is open. Without a start day they begin on the
-- day on which it was created, or on its due day if that is earlier. At most ten years.
create function reporting.milestone_range(milestone text, time_zone text default null)
returns table (workflow_id text, zone text, first_day date, last_day date, today date, due_on date) language sql stable rows 1
begin atomic
    select d.workflow_id, d.zone, d.first_day,
           greatest(d.first_day, least(d.first_day + 3660, greatest(d.due_on, coalesce(d.closed_day, d.today)))), d.today, d.due_on
      from (select m.workflow_id, z.zone, (now() at time zone z.zone)::date as today, m.due_on, (m.closed_at at time zone z.zone)::date as closed_day,
                   coalesce(m.starts_on, least((m.created_at at time zone z.zone)::date, m.due_on)) as first_day
              from reporting.milestones m
             cross join lateral (select reporting.zone_of(m.workflow_id, milestone_range.time_zone) as zone) z
             where m.milestone_id = milestone_range.milestone) d
    -- Computed once, not for each row that is compared with it.
    offset 0;
end;

-- What was in a milestone at the end of each day (today: now), and how much of it was completed. What happened before the first
-- day is in its figures; days that have not begun have none.
create function reporting.burn_up(milestone text, time_zone text default null)
returns table (day date, scope_tickets bigint, scope_points double precision, completed_tickets bigint, completed_points double precision)
language sql stable
begin atomic
    with
    -- The milestone and its days.
    r as materialized (
        select * from reporting.milestone_range(burn_up.milestone, burn_up.time_zone)
    ),
    -- The times in which tickets were in it, with the points that they had.
    stays as materialized (
        select s.ticket_id, coalesce(s.story_points, 0)::numeric as points, s.added_at, coalesce(s.removed_at, 'infinity') as removed_at
          from reporting.milestone_tickets s
         where s.workflow_id = (select r.workflow_id from r) and s.milestone_id = burn_up.milestone
    ),
    -- The parts of these times in which they were completed.
    completed as (
        select s.points, greatest(s.added_at, c.completed_at) as began, least(s.removed_at, coalesce(c.reopened_at, 'infinity')) as ended
          from stays s
          join reporting.completions c on c.workflow_id = (select r.workflow_id from r) and c.ticket_id = s.ticket_id
         -- Looked up by ticket, not read of the whole workflow.
         where c.ticket_id = any (array(select m.ticket_id from stays m))
           and c.completed_at < s.removed_at and coalesce(c.reopened_at, 'infinity') > s.added_at
    ),
    -- How the sums change, and when.
    changes as (
        select e.at, e.sign as tickets, e.sign * s.points as points, 0 as done_tickets, 0::numeric as done_points
          from stays s cross join lateral (values (s.added_at, 1), (s.removed_at, -1)) e (at, sign)
        union all
        select e.at, 0, 0, e.sign, e.sign * c.points
          from completed c cross join lateral (values (c.began, 1), (c.ended, -1)) e (at, sign)
    ),
    -- The same by day.
    by_day as (
        select greatest((c.at at time zone r.zone)::date, r.first_day) as day, sum(c.tickets) as tickets, sum(c.points) as points,
               sum(c.done_tickets) as done_tickets, sum(c.done_points) as done_points
          from changes c cross join r
         where c.at < 'infinity'
         group by 1
    )
    select g::date,
           case when g::date <= r.today then sum(coalesce(d.tickets, 0)) over days end::bigint,
           case when g::date <= r.today then sum(coalesce(d.points, 0)) over days end::double precision,
           case when g::date <= r.today then sum(coalesce(d.done_tickets, 0)) over days end::bigint,
           case when g::date <= r.today then sum(coalesce(d.done_points, 0)) over days end::double precision
      from r
     cross join lateral generate_series(r.first_day::timestamp, r.last_day::timestamp, '1 day') g
      left join by_day d on d.day = g::date
    window days as (order by g)
     order by g;
end;

-- The same with what remained, and the line on which it would fall evenly to nothing on the due day: from what was in the milestone
-- at the end of the first day on which something was.
create function reporting.burndown(milestone text, time_zone text default null)
returns table (day date, scope_tickets bigint, completed_tickets bigint, remaining_tickets bigint, ideal_tickets double precision,
               scope_points double precision, completed_points double precision, remaining_points double precision, ideal_points double precision)
language sql stable
begin atomic
    with
    -- The days with their sums.
    b as materialized (
        select * from reporting.burn_up(burndown.milestone, burndown.time_zone)
    )
    select b.day, b.scope_tickets, b.completed_tickets, b.scope_tickets - b.completed_tickets,
           (select f.scope_tickets from b f where f.scope_tickets > 0 order by f.day limit 1) * i.share,
           b.scope_points, b.completed_points, (b.scope_points::numeric - b.completed_points::numeric)::double precision,
           (select f.scope_points from b f where f.scope_points > 0 order by f.day limit 1) * i.share
      from reporting.milestone_range(burndown.milestone, burndown.time_zone) r
     cross join b
     cross join lateral (
            -- The share of the days that is left.
            select case when r.due_on is null then null when b.day >= r.due_on then 0
                        else (r.due_on - b.day)::double precision / (r.due_on - r.first_day) end as share) i
     order by b.day;
end;
