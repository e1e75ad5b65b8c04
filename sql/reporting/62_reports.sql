-- The reports that the API, the MCP server and dashboards offer.

-- Each is a view or a function of this schema with one entry here; its description, parameters and columns follow from the catalog and
-- from the comments in 80_comments.sql.
create view reporting.reports as
with
-- The range of a view is compared with `time_column`, which may be a time or a day. `moves` says that figures change although
-- nothing in the workflow does: they are ages, or come from elsewhere.
entries (name, title, time_column, order_by, moves) as (values
    ('throughput', 'Throughput and velocity', null, null, false),
    ('cycle_times', 'Lead and cycle times', null, null, false),
    ('cumulative_flow', 'Cumulative flow', null, null, false),
    ('time_in_status', 'Time in columns', null, null, false),
    ('wip_age', 'Work in progress by column', null, null, true),
    ('columns', 'Tickets by column', null, 'position, status', false),
    ('open_tickets', 'Open tickets by type and priority', null, null, false),
    ('blocked_time', 'Blocked time', null, null, true),
    ('flow_efficiency', 'Flow efficiency', null, null, false),
    ('reopen_rate', 'Reopened tickets', null, null, false),
    ('workload', 'Workload', null, null, false),
    ('hand_offs', 'Hand-offs', null, null, false),
    ('duplicate_prevention', 'Duplicates', null, null, true),
    ('commit_linking', 'Tickets with commits', null, null, false),
    ('search_use', 'Searches', null, null, true),
    ('milestones', 'Milestones', null, 'due_on, milestone_id', true),
    ('burndown', 'Burndown of a milestone', null, null, true),
    ('burn_up', 'Burn-up of a milestone', null, null, true),
    ('finding_counts', 'Findings by kind', null, null, true),
    ('daily', 'Created and completed by day', 'day', 'day', false),
    ('completions', 'Completed tickets', 'completed_at', 'completed_at, ticket_id', false),
    ('quality', 'Contradicting times', 'completed_at', 'completed_at, ticket_id, reason', true),
    ('wip', 'Tickets in progress', null, 'age desc, ticket_id', true),
    ('stays', 'Stays in columns', 'left_at', 'left_at, ticket_id', false),
    ('blocked_times', 'Times of being blocked', 'blocked_at', 'blocked_at, ticket_id', true),
    ('findings', 'Findings', 'opened_at', 'opened_at, finding_id', true),
    ('likely_duplicates', 'Likely duplicates', 'found_at', 'similarity desc, ticket_id, other_ticket_id', true),
    ('jobs', 'Jobs', 'created_at', 'created_at, job_id', true),
    ('job_attempts', 'Attempts of jobs', 'started_at', 'started_at, job_id, attempt', true),
    ('approvals', 'Questions and reviews', 'asked_at', 'asked_at, approval_id', true),
    ('cost', 'Tokens and cost', null, null, true),
    ('usage', 'Reports of usage', 'reported_at', 'reported_at, usage_id', true),
    ('usage_by_attempt', 'Tokens and cost of attempts', 'claimed_at', 'claimed_at, job_id, attempt, currency', true),
    ('usage_by_ticket', 'Tokens and cost of tickets', null, 'ticket_id, currency', true)
),
-- With what the catalog has: the names of a function's parameters; names, types and comments of columns.
known as (
    select e.*, 'function' as kind, p.proargnames[1:p.pronargs]::text[] as arguments, obj_description(p.oid, 'pg_proc') as comment,
           (select jsonb_agg(jsonb_build_object('name', a.name, 'type', format_type(a.type, null), 'description',
                        substring(obj_description(p.oid, 'pg_proc') from '(?n)^' || a.name || ': (.*)$')) order by a.position)
              from unnest(p.proargnames, p.proallargtypes, p.proargmodes) with ordinality a (name, type, mode, position) where a.mode = 't') as columns
      from entries e join pg_catalog.pg_proc p on p.pronamespace = 'reporting'::regnamespace and p.proname = e.name
    union all
    select e.*, 'view', case when e.time_column is null then '{workflow}' else '{workflow,first_day,last_day,time_zone}' end::text[],
           obj_description(c.oid, 'pg_class'),
           (select jsonb_agg(jsonb_build_object('name', a.attname, 'type', format_type(a.atttypid, null), 'description', col_description(c.oid, a.attnum)) order by a.attnum)
              from pg_catalog.pg_attribute a where a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped)
      from entries e join pg_catalog.pg_class c on c.relnamespace = 'reporting'::regnamespace and c.relkind = 'v' and c.relname = e.name
)
select k.name, k.title, split_part(k.comment, E'\n', 1) as description, k.kind, k.arguments, k.columns, k.time_column, k.order_by, k.moves
  from known k;
