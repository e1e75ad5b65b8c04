-- What was created and completed, counted beside the stored past, so that reports over long ranges read few rows; and the roles of
-- analysts.

-- Counts of a quarter of an hour fit in 32 bits. Building the index stops nobody but the task that stores the past.
-- squawk-ignore-file prefer-bigint-over-int, require-concurrent-index-creation

-- In each quarter of an hour, in which the days of every time zone begin.
create table reporting_counts (
    workflow_id text collate "C" not null references workflows (id) on delete cascade,
    quarter timestamptz not null,
    created int not null,
    completed int not null,
    -- The story points of the completions, and how many of these have none.
    points numeric not null,
    without_points int not null,
    primary key (workflow_id, quarter)
);
insert into reporting_counts (workflow_id, quarter, created, completed, points, without_points)
select n.workflow_id, date_bin('15 minutes', n.at, '2000-01-01 00:00+00'), sum(n.created), sum(n.completed), sum(n.points), sum(n.without_points)
  from (select t.workflow_id, t.created_at as at, 1 as created, 0 as completed, 0::numeric as points, 0 as without_points
          from reporting_tickets t where t.created_at is not null
        union all
        select s.workflow_id, s.started_at, 0, 1, coalesce(s.story_points::numeric, 0), (s.story_points is null)::int
          from reporting_spans s where s.kind = 'done') n
 group by 1, 2;

-- Completions whose times contradict each other or of which no begin is known: few of many.
create index reporting_spans_suspect on reporting_spans (workflow_id, started_at)
 where kind = 'done' and (began_at is null or began_at < created_at or started_at < began_at or started_at < created_at);

-- Roles of the database with which analysts sign in. Those that are limited see the workflows in the second table and no others.
create table analysts (
    role_name text collate "C" primary key constraint analysts_role_name check (role_name ~ '^callboard_analyst_[a-z0-9_]{1,40}$'),
    is_limited boolean not null,
    created_at timestamptz not null default clock_timestamp()
);
create table analyst_workflows (
    role_name text collate "C" not null references analysts (role_name) on delete cascade,
    workflow_id text collate "C" not null references workflows (id) on delete cascade,
    primary key (role_name, workflow_id)
);
create index analyst_workflows_by_workflow on analyst_workflows (workflow_id);
