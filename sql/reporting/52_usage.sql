-- What work cost: tokens and money, as reported. Amounts of different currencies are never added, so sums have a row for each
-- currency; tokens of reports without a cost are in the row without one. What was not reported is null.

create view reporting.usage as
select r.id as usage_id, r.workflow_id, w.name as workflow, r.ticket_id, 'TKT-' || t.number as key, r.job_id, r.attempt, r.agent_id, a.name as agent,
       r.reported_by, r.model, r.input_tokens, r.output_tokens, r.cache_read_tokens, r.cache_write_tokens, r.cost, r.currency, r.source, r.session,
       r.reported_at
  from public.usage_reports r
  join public.workflows w on w.id = r.workflow_id
  left join public.tickets t on t.id = r.ticket_id
  left join public.actors a on a.id = r.agent_id;

create view reporting.usage_by_attempt as
select c.workflow_id, c.job_id, j.ticket_id, 'TKT-' || t.number as key, j.title, j.job_type, c.attempt, c.agent_id, a.name as agent, c.worker,
       c.claimed_at,
       j.lease_token = c.lease_token and j.lease_expires_at is not null and j.status in ('running', 'paused', 'waiting') as is_running,
       u.currency, u.cost, u.input_tokens, u.output_tokens, u.cache_read_tokens, u.cache_write_tokens, coalesce(u.reports, 0) as reports,
       coalesce(u.reports_without_cost, 0) as reports_without_cost, coalesce(u.reports_without_tokens, 0) as reports_without_tokens,
       u.reports is not null as usage_reported
  from public.job_claims c
  join public.jobs j on j.id = c.job_id
  left join public.tickets t on t.id = j.ticket_id
  left join public.actors a on a.id = c.agent_id
  left join lateral (
        select r.currency, sum(r.cost) as cost, sum(r.input_tokens) as input_tokens, sum(r.output_tokens) as output_tokens,
               sum(r.cache_read_tokens) as cache_read_tokens, sum(r.cache_write_tokens) as cache_write_tokens, count(*) as reports,
               count(*) filter (where r.cost is null) as reports_without_cost,
               count(*) filter (where r.input_tokens is null or r.output_tokens is null) as reports_without_tokens
          from public.usage_reports r
         where r.job_id = c.job_id and r.attempt = c.attempt
         group by r.currency) u on true;

-- Tickets with a report, or with a job that was claimed.
create view reporting.usage_by_ticket as
select t.workflow_id, t.id as ticket_id, 'TKT-' || t.number as key, t.title, u.currency, u.cost, u.input_tokens, u.output_tokens,
       u.cache_read_tokens, u.cache_write_tokens, coalesce(u.reports, 0) as reports, coalesce(u.reports_without_cost, 0) as reports_without_cost,
       coalesce(u.reports_without_tokens, 0) as reports_without_tokens, coalesce(c.attempts, 0) as attempts,
       coalesce(c.attempts_without_usage, 0) as attempts_without_usage, u.reports is not null as usage_reported
  from public.tickets t
  left join lateral (
        select r.currency, sum(r.cost) as cost, sum(r.input_tokens) as input_tokens, sum(r.output_tokens) as output_tokens,
               sum(r.cache_read_tokens) as cache_read_tokens, sum(r.cache_write_tokens) as cache_write_tokens, count(*) as reports,
               count(*) filter (where r.cost is null) as reports_without_cost,
               count(*) filter (where r.input_tokens is null or r.output_tokens is null) as reports_without_tokens
          from public.usage_reports r where r.ticket_id = t.id group by r.currency) u on true
  left join lateral (
        select count(*) as attempts, count(*) filter (where not a.usage_reported and not a.is_running) as attempts_without_usage
          from (select distinct on (a.job_id, a.attempt) a.usage_reported, a.is_running
                  from reporting.usage_by_attempt a where a.ticket_id = t.id) a) c on true
 where u.reports is not null or c.attempts > 0;

-- Without a full join, so that a condition on the workflow reads only its rows.
create view reporting.usage_by_agent as
with
-- The reports of each agent, by currency.
used as not materialized (
    select r.workflow_id, r.agent_id, r.currency, sum(r.cost) as cost, sum(r.input_tokens) as input_tokens, sum(r.output_tokens) as output_tokens,
           sum(r.cache_read_tokens) as cache_read_tokens, sum(r.cache_write_tokens) as cache_write_tokens, count(*) as reports,
           count(*) filter (where r.cost is null) as reports_without_cost,
           count(*) filter (where r.input_tokens is null or r.output_tokens is null) as reports_without_tokens
      from public.usage_reports r group by r.workflow_id, r.agent_id, r.currency
),
-- The attempts of each agent.
claimed as not materialized (
    select a.workflow_id, a.agent_id, count(*) as attempts, count(*) filter (where not a.usage_reported and not a.is_running) as attempts_without_usage
      from (select distinct on (a.workflow_id, a.job_id, a.attempt) a.workflow_id, a.agent_id, a.usage_reported, a.is_running
              from reporting.usage_by_attempt a) a
     group by a.workflow_id, a.agent_id
),
-- Both, and agents that only have attempts.
found as (
    select u.*, coalesce(c.attempts, 0) as attempts, coalesce(c.attempts_without_usage, 0) as attempts_without_usage, true as usage_reported
      from used u left join claimed c on c.workflow_id = u.workflow_id and c.agent_id = u.agent_id
    union all
    select c.workflow_id, c.agent_id, null, null, null, null, null, null, 0, 0, 0, c.attempts, c.attempts_without_usage, false
      from claimed c
     where not exists (select from public.usage_reports r where r.workflow_id = c.workflow_id and r.agent_id = c.agent_id)
)
select f.workflow_id, f.agent_id, a.name as agent, f.currency, f.cost, f.input_tokens, f.output_tokens, f.cache_read_tokens, f.cache_write_tokens,
       f.reports, f.reports_without_cost, f.reports_without_tokens, f.attempts, f.attempts_without_usage, f.usage_reported
  from found f left join public.actors a on a.id = f.agent_id;

create view reporting.usage_by_day as
select r.workflow_id, (r.reported_at at time zone w.time_zone)::date as day, r.agent_id, a.name as agent, r.model, r.currency, sum(r.cost) as cost,
       sum(r.input_tokens) as input_tokens, sum(r.output_tokens) as output_tokens, sum(r.cache_read_tokens) as cache_read_tokens,
       sum(r.cache_write_tokens) as cache_write_tokens, count(*) as reports,
       count(*) filter (where r.cost is null) as reports_without_cost,
       count(*) filter (where r.input_tokens is null or r.output_tokens is null) as reports_without_tokens
  from public.usage_reports r
  join public.workflows w on w.id = r.workflow_id
  left join public.actors a on a.id = r.agent_id
 group by r.workflow_id, 2, r.agent_id, a.name, r.model, r.currency;

-- Tokens and cost of each period, a row for each currency. Attempts are those of the period, in each of its rows.
create function reporting.cost(workflow text, first_day date default null, last_day date default null, time_zone text default null, unit text default 'all')
returns table (period date, currency text, cost numeric, input_tokens numeric, output_tokens numeric, cache_read_tokens numeric, cache_write_tokens numeric,
               reports bigint, reports_without_cost bigint, reports_without_tokens bigint, attempts bigint, attempts_without_usage bigint,
               usage_reported boolean) language sql stable
begin atomic
    select p.period, u.currency, u.cost, u.input_tokens, u.output_tokens, u.cache_read_tokens, u.cache_write_tokens, coalesce(u.reports, 0),
           coalesce(u.reports_without_cost, 0), coalesce(u.reports_without_tokens, 0), c.attempts, c.attempts_without_usage, u.reports is not null
      from reporting.periods(cost.workflow, cost.first_day, cost.last_day, cost.time_zone, cost.unit) p
      left join lateral (
            select r.currency, sum(r.cost) as cost, sum(r.input_tokens) as input_tokens, sum(r.output_tokens) as output_tokens,
                   sum(r.cache_read_tokens) as cache_read_tokens, sum(r.cache_write_tokens) as cache_write_tokens, count(*) as reports,
                   count(*) filter (where r.cost is null) as reports_without_cost,
                   count(*) filter (where r.input_tokens is null or r.output_tokens is null) as reports_without_tokens
              from reporting.usage r
             where r.workflow_id = cost.workflow and r.reported_at >= p.starts_at and r.reported_at < p.ends_at
             group by r.currency) u on true
      left join lateral (
            select count(*) as attempts, count(*) filter (where not a.usage_reported and not a.is_running) as attempts_without_usage
              from (select distinct on (a.job_id, a.attempt) a.usage_reported, a.is_running
                      from reporting.usage_by_attempt a
                     where a.workflow_id = cost.workflow and a.claimed_at >= p.starts_at and a.claimed_at < p.ends_at) a) c on true
     order by p.period, u.currency;
end;
