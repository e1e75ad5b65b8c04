-- Totals of usage reports, as answers and events show them. What nobody reported is null and never zero, and amounts of
-- different currencies are never added.

-- The reports of one currency, or of none, added up. `without_tokens` counts reports that lack input or output tokens.
create type logic.usage_sum as (
    currency text, reports numeric, input_tokens numeric, output_tokens numeric, cache_read_tokens numeric, cache_write_tokens numeric,
    cost numeric, without_tokens numeric, without_cost numeric
);

-- The same for each job, attempt, ticket and model.
create view logic.usage_sums as
select r.workflow_id, r.ticket_id, r.job_id, r.attempt, r.agent_id, r.model, r.currency, count(*)::numeric as reports,
       sum(r.input_tokens) as input_tokens, sum(r.output_tokens) as output_tokens, sum(r.cache_read_tokens) as cache_read_tokens,
       sum(r.cache_write_tokens) as cache_write_tokens, sum(r.cost) as cost,
       count(*) filter (where r.input_tokens is null or r.output_tokens is null)::numeric as without_tokens,
       count(*) filter (where r.cost is null)::numeric as without_cost
  from usage_reports r
 group by r.workflow_id, r.ticket_id, r.job_id, r.attempt, r.agent_id, r.model, r.currency;

-- A sum of tokens as JSON clients can read it exactly; null if nothing was reported.
create function logic.token_sum(tokens numeric) returns bigint language sql immutable parallel safe
begin atomic
    select case when tokens > 9007199254740991 then 9007199254740991 else tokens end::bigint;
end;

-- An amount of money as a decimal text, because a binary number would round it.
create function logic.amount_text(amount numeric) returns text language sql immutable parallel safe
begin atomic
    select trim_scale(amount)::text;
end;

-- The amounts of each currency.
create function logic.costs_json(sums logic.usage_sum[]) returns jsonb language sql immutable parallel safe
begin atomic
    select coalesce(jsonb_agg(jsonb_build_object('currency', c.currency, 'amount', logic.amount_text(c.cost)) order by c.currency), '[]')
      from (select s.currency, sum(s.cost) as cost from unnest(sums) s where s.currency is not null group by s.currency) c;
end;

-- Sums as one total.
create function logic.usage_totals_json(sums logic.usage_sum[]) returns jsonb language sql immutable parallel safe
begin atomic
    select jsonb_build_object('reported', coalesce(sum(s.reports), 0) > 0, 'reports', coalesce(sum(s.reports), 0)::bigint,
        'input_tokens', logic.token_sum(sum(s.input_tokens)), 'output_tokens', logic.token_sum(sum(s.output_tokens)),
        'cache_read_tokens', logic.token_sum(sum(s.cache_read_tokens)), 'cache_write_tokens', logic.token_sum(sum(s.cache_write_tokens)),
        'costs', logic.costs_json(sums),
        'reports_without_tokens', coalesce(sum(s.without_tokens), 0)::bigint, 'reports_without_cost', coalesce(sum(s.without_cost), 0)::bigint)
      from unnest(sums) s;
end;

-- A row of the view above without what it is about.
create function logic.usage_sum_of(sum logic.usage_sums) returns logic.usage_sum language sql immutable parallel safe
begin atomic
    select row((sum).currency, (sum).reports, (sum).input_tokens, (sum).output_tokens, (sum).cache_read_tokens, (sum).cache_write_tokens,
               (sum).cost, (sum).without_tokens, (sum).without_cost)::logic.usage_sum;
end;

-- What a job used.
create function logic.job_usage_json(job text) returns jsonb language sql stable
begin atomic
    select logic.usage_totals_json(array_agg(logic.usage_sum_of(s))) from logic.usage_sums s where s.job_id = job_usage_json.job;
end;

-- What was used for a ticket, by its jobs and without one.
create function logic.ticket_usage_json(ticket text) returns jsonb language sql stable
begin atomic
    select logic.usage_totals_json(array_agg(logic.usage_sum_of(s))) from logic.usage_sums s where s.ticket_id = ticket_usage_json.ticket;
end;

-- Whether the worker of a claim still works on its job, so that its report may be to come.
create function logic.is_running_claim(claim job_claims) returns boolean language sql stable
begin atomic
    select exists (
        select from jobs j
         where j.id = (claim).job_id and j.lease_token = (claim).lease_token and j.lease_expires_at is not null
           and j.status in ('running', 'paused', 'waiting'));
end;

-- Whether nothing was reported for a claim that has ended.
create function logic.lacks_usage(claim job_claims) returns boolean language sql stable
begin atomic
    select not exists (select from usage_reports r where r.job_id = (claim).job_id and r.attempt = (claim).attempt)
       and not logic.is_running_claim(claim);
end;
