-- Findings: what somebody should look at in a workflow, when each began and ended, and the thresholds of a workflow.

-- A workflow's own thresholds. Null stands for the default (logic.default_finding_thresholds), 0 turns a kind off.
create table finding_thresholds (
    workflow_id text collate "C" primary key references workflows (id) on delete cascade,
    stuck_minutes bigint constraint finding_thresholds_stuck check (stuck_minutes between 0 and 525600),
    blocked_minutes bigint constraint finding_thresholds_blocked check (blocked_minutes between 0 and 525600),
    unassigned_minutes bigint constraint finding_thresholds_unassigned check (unassigned_minutes between 0 and 525600),
    duplicate_similarity double precision constraint finding_thresholds_similarity
        check (duplicate_similarity = 0 or duplicate_similarity between 0.5 and 1),
    max_open_tickets bigint constraint finding_thresholds_open_tickets check (max_open_tickets between 0 and 900),
    silent_minutes bigint constraint finding_thresholds_silent check (silent_minutes between 0 and 525600),
    without_worker_minutes bigint constraint finding_thresholds_without_worker check (without_worker_minutes between 0 and 525600),
    updated_at timestamptz not null default now()
);

-- Findings that servers have seen: open while closed_at is null.
create table findings (
    id text collate "C" primary key,
    workflow_id text collate "C" not null references workflows (id) on delete cascade,
    kind text not null constraint findings_kind check (kind in ('stuck', 'blocked', 'urgent_unassigned', 'likely_duplicate',
        'agent_overloaded', 'agent_silent', 'job_without_worker')),
    -- What it is about: the id of a ticket or of an agent, or a job type.
    subject text collate "C" not null,
    ticket_id text collate "C" references tickets (id) on delete cascade,
    agent_id text collate "C" references actors (id),
    since timestamptz not null,
    message text not null,
    -- The finding as it was when it began.
    details jsonb not null default '{}',
    opened_at timestamptz not null default clock_timestamp(),
    closed_at timestamptz
);
-- One open finding of a kind about a thing.
create unique index findings_open on findings (workflow_id, kind, subject) where closed_at is null;
create index findings_closed on findings (closed_at) where closed_at is not null;
create index findings_by_ticket on findings (ticket_id) where ticket_id is not null;

-- Pairs of open tickets that are probably the same, found by comparing changed tickets in the background. `ticket_id` is the
-- later one.
create table likely_duplicates (
    ticket_id text collate "C" not null references tickets (id) on delete cascade,
    other_ticket_id text collate "C" not null references tickets (id) on delete cascade,
    workflow_id text collate "C" not null references workflows (id) on delete cascade,
    similarity double precision not null,
    found_at timestamptz not null default clock_timestamp(),
    primary key (ticket_id, other_ticket_id)
);
create index likely_duplicates_other on likely_duplicates (other_ticket_id);
create index likely_duplicates_by_workflow on likely_duplicates (workflow_id, found_at);

-- When the findings of a workflow, given by its stream, are looked for again. A server locks the row while it looks.
create table finding_checks (
    stream_id text collate "C" primary key references streams (stream_id) on delete cascade,
    next_at timestamptz not null default now() + interval '1 minute',
    -- The stream's last number at the last look, and when a look last found another one.
    checked_seq bigint not null default 0,
    changed_at timestamptz not null default now(),
    looked_at timestamptz not null default '-infinity',
    -- Up to which change, by time and then id, tickets have been compared.
    compared_at timestamptz not null default '-infinity',
    compared_ticket text collate "C" not null default ''
) with (fillfactor = 50);
create index finding_checks_next on finding_checks (next_at);
insert into finding_checks (stream_id) select stream_id from streams where stream_id = 'workflow:' || workflow_id;

-- Who has or had tickets in a workflow, and how many are open. It takes the place of the index by assignee alone, which was only
-- read for one workflow. One transaction per migration rules out a concurrent build; 100,000 tickets take a tenth of a second.
-- squawk-ignore require-concurrent-index-creation
create index tickets_by_workflow_assignee on tickets (workflow_id, assigned_agent_id, is_resolved)
    where deleted_at is null and assigned_agent_id is not null;
-- squawk-ignore require-concurrent-index-deletion
drop index tickets_by_assignee;
-- Blockers that hold, the oldest first.
-- squawk-ignore require-concurrent-index-creation
create index ticket_blockers_active on ticket_blockers (workflow_id, created_at) where released_at is null;
