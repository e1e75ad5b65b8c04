-- What work costs: tokens and money, as workers and agents report them, and which attempt of a job spent them.

-- Every claim of a job, so that a report belongs to the attempt that spent it, also after the lease was lost, and attempts
-- without a report are known. Only the job is a foreign key, because a row is written in every claim.
create table job_claims (
    job_id text collate "C" not null references jobs (id) on delete cascade,
    -- 1, 2, 3… of the job; claims that were given back count too.
    attempt bigint not null,
    workflow_id text collate "C" not null,
    agent_id text collate "C",
    worker text,
    lease_token text not null,
    claimed_at timestamptz not null default clock_timestamp(),
    primary key (job_id, attempt)
);
create index job_claims_by_workflow on job_claims (workflow_id, claimed_at);

-- Reports of usage; rows are added and never changed. Null stands for what was not reported, which is not zero.
create table usage_reports (
    id text collate "C" primary key,
    workflow_id text collate "C" not null references workflows (id),
    ticket_id text collate "C" references tickets (id),
    job_id text collate "C" references jobs (id) on delete cascade,
    -- The claim that spent it (job_claims); null for a job that was never claimed, and without a job.
    attempt bigint,
    -- Who spent it: the agent that claimed the job, else who reported it.
    agent_id text collate "C" not null references actors (id),
    reported_by text collate "C" not null references actors (id),
    model text constraint usage_reports_model_length check (char_length(model) between 1 and 200),
    -- Input that was neither read from a cache nor written to one.
    input_tokens bigint constraint usage_reports_input_tokens check (input_tokens between 0 and 1000000000000),
    output_tokens bigint constraint usage_reports_output_tokens check (output_tokens between 0 and 1000000000000),
    cache_read_tokens bigint constraint usage_reports_cache_read_tokens check (cache_read_tokens between 0 and 1000000000000),
    cache_write_tokens bigint constraint usage_reports_cache_write_tokens check (cache_write_tokens between 0 and 1000000000000),
    -- NaN is greater than every number, so it is out of range.
    cost numeric constraint usage_reports_cost check (cost between 0 and 1000000000 and scale(cost) <= 12),
    currency text constraint usage_reports_currency check (currency ~ '^[A-Z]{3}$'),
    source text not null constraint usage_reports_source check (source in ('worker', 'mcp', 'api', 'sdk')),
    -- The name that the reporter gave this report; a repeated one is counted once.
    report_id text constraint usage_reports_report_id_length check (char_length(report_id) between 1 and 200),
    -- The session whose totals were reported, and the totals; the columns above hold what they added.
    session text constraint usage_reports_session_length check (char_length(session) between 1 and 200),
    totals jsonb,
    reported_at timestamptz not null default clock_timestamp(),
    constraint usage_reports_cost_has_currency check ((cost is null) = (currency is null)),
    constraint usage_reports_says_something
        check (num_nonnulls(input_tokens, output_tokens, cache_read_tokens, cache_write_tokens, cost) > 0),
    constraint usage_reports_of_job_or_ticket check (num_nonnulls(job_id, ticket_id) > 0)
);
create index usage_reports_by_workflow on usage_reports (workflow_id, reported_at);
create index usage_reports_by_job on usage_reports (job_id, attempt) where job_id is not null;
create index usage_reports_by_ticket on usage_reports (ticket_id, reported_at) where ticket_id is not null;
create index usage_reports_by_agent on usage_reports (agent_id, reported_at);
create unique index usage_reports_once on usage_reports ((coalesce(job_id, ticket_id)), report_id) where report_id is not null;

-- The last totals of each session of a job, or of a ticket without one.
create table usage_sessions (
    -- The id of the job or the ticket.
    subject text collate "C" not null,
    session text not null,
    workflow_id text collate "C" not null references workflows (id),
    input_tokens bigint,
    output_tokens bigint,
    cache_read_tokens bigint,
    cache_write_tokens bigint,
    cost numeric,
    currency text,
    primary key (subject, session)
) with (fillfactor = 50);
create index usage_sessions_by_workflow on usage_sessions (workflow_id);

-- Limits of what a job, an agent in a workflow, and a workflow may use. Nothing sets or enforces them yet. New columns are null,
-- so there is nothing to validate.
alter table jobs add column max_tokens bigint, add column max_cost numeric, add column max_cost_currency text;
-- As a trigger; see V028.
create function check_job_limits() returns trigger language plpgsql as $$
declare
    broken constant text := case
        when new.max_tokens <= 0 or new.max_cost <= 0 or new.max_cost > 1000000000000 or new.max_cost_currency !~ '^[A-Z]{3}$' then 'jobs_max_usage'
        when (new.max_cost is null) <> (new.max_cost_currency is null) then 'jobs_max_cost_has_currency'
    end;
begin
    if broken is not null then
        raise exception 'new row for relation "jobs" violates check constraint "%"', broken
            using errcode = 'check_violation', schema = tg_table_schema, table = tg_table_name, constraint = broken;
    end if;
    return new;
end
$$;
create trigger jobs_values_limits before insert or update of max_tokens, max_cost, max_cost_currency
    on jobs for each row execute function check_job_limits();
alter table workflow_members
    add column monthly_max_tokens bigint, add column monthly_max_cost numeric, add column monthly_max_cost_currency text;
alter table workflow_members
    add constraint workflow_members_max_usage
        check (monthly_max_tokens > 0 and monthly_max_cost > 0 and monthly_max_cost <= 1000000000000 and monthly_max_cost_currency ~ '^[A-Z]{3}$') not valid,
    add constraint workflow_members_max_cost_has_currency check ((monthly_max_cost is null) = (monthly_max_cost_currency is null)) not valid;
alter table workflows
    add column monthly_max_tokens bigint, add column monthly_max_cost numeric, add column monthly_max_cost_currency text;
alter table workflows
    add constraint workflows_max_usage
        check (monthly_max_tokens > 0 and monthly_max_cost > 0 and monthly_max_cost <= 1000000000000 and monthly_max_cost_currency ~ '^[A-Z]{3}$') not valid,
    add constraint workflows_max_cost_has_currency check ((monthly_max_cost is null) = (monthly_max_cost_currency is null)) not valid;
