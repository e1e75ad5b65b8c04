-- Tickets and what hangs on them. Every table carries workflow_id, so that splitting by workflow is
-- distribution and not redesign. Ids are made by logic; a row typed in psql gets one from a trigger.

-- The last TKT number given out in a workflow. Apart from `workflows`, so that creating tickets does
-- not rewrite the workflow's row.
create table ticket_counters (
    workflow_id text collate "C" primary key references workflows (id) on delete cascade,
    last_number bigint not null default 0
) with (fillfactor = 50);

create table tickets (
    id text collate "C" primary key,
    workflow_id text collate "C" not null references workflows (id),
    number bigint not null,
    title text not null constraint tickets_title_length check (char_length(title) between 3 and 500),
    description text not null constraint tickets_description_length check (char_length(description) <= 200000),
    ticket_type text not null,
    priority text not null default 'medium'
        constraint tickets_priority check (priority in ('low', 'medium', 'high', 'critical')),
    status text collate "C" not null,
    -- Order inside a column, compared byte by byte.
    rank text collate "C" not null,
    created_by_agent_id text collate "C" references actors (id),
    assigned_agent_id text collate "C" references actors (id),
    parent_ticket_id text collate "C" references tickets (id),
    tags text[] not null default '{}',
    related_task_ids text[] not null default '{}',
    related_ticket_ids text[] not null default '{}',
    story_points double precision constraint tickets_story_points check (story_points between 0 and 1000),
    estimate_minutes bigint constraint tickets_estimate check (estimate_minutes between 0 and 10000000),
    spent_minutes bigint not null default 0 constraint tickets_spent check (spent_minutes between 0 and 10000000),
    is_resolved boolean not null default false,
    resolved_at timestamptz,
    started_at timestamptz,
    completed_at timestamptz,
    version bigint not null default 1,
    -- The id this ticket had in the tracker it was imported from.
    external_ref text,
    created_at timestamptz not null default now(),
    updated_at timestamptz not null default now(),
    deleted_at timestamptz,
    constraint tickets_number unique (workflow_id, number),
    constraint tickets_status_is_a_column foreign key (workflow_id, status)
        references board_columns (workflow_id, id) on update cascade
);
create index tickets_by_column on tickets (workflow_id, status, rank) where deleted_at is null;
create index tickets_by_creation on tickets (workflow_id, created_at, id);
create index tickets_by_assignee on tickets (assigned_agent_id) where deleted_at is null;
create index tickets_by_parent on tickets (parent_ticket_id) where parent_ticket_id is not null;
create unique index tickets_external_ref on tickets (workflow_id, external_ref) where external_ref is not null;

create table ticket_blockers (
    ticket_id text collate "C" not null references tickets (id) on delete cascade,
    blocked_by_ticket_id text collate "C" not null references tickets (id) on delete cascade,
    workflow_id text collate "C" not null references workflows (id),
    created_at timestamptz not null default now(),
    primary key (ticket_id, blocked_by_ticket_id),
    constraint ticket_blockers_not_itself check (ticket_id <> blocked_by_ticket_id)
);
create index ticket_blockers_blocking on ticket_blockers (blocked_by_ticket_id);
create index ticket_blockers_workflow on ticket_blockers (workflow_id);

create table ticket_comments (
    id text collate "C" primary key,
    ticket_id text collate "C" not null references tickets (id) on delete cascade,
    workflow_id text collate "C" not null references workflows (id),
    agent_id text collate "C" references actors (id),
    parent_id text collate "C" references ticket_comments (id),
    comment_text text not null constraint ticket_comments_length check (char_length(comment_text) between 1 and 100000),
    comment_type text not null default 'general' constraint ticket_comments_type check (
        comment_type in ('general', 'status_change', 'assignment', 'blocker', 'resolution', 'clarification', 'system')),
    mentions text[] not null default '{}',
    attachments text[] not null default '{}',
    is_edited boolean not null default false,
    created_at timestamptz not null default now(),
    updated_at timestamptz,
    deleted_at timestamptz
);
create index ticket_comments_by_ticket on ticket_comments (ticket_id, created_at);
create index ticket_comments_by_workflow on ticket_comments (workflow_id, ticket_id) where deleted_at is null;
create index ticket_comments_by_parent on ticket_comments (parent_id) where parent_id is not null;

create table comment_reactions (
    comment_id text collate "C" not null references ticket_comments (id) on delete cascade,
    actor_id text collate "C" not null references actors (id),
    emoji text not null constraint comment_reactions_emoji check (char_length(emoji) between 1 and 16),
    workflow_id text collate "C" not null references workflows (id),
    created_at timestamptz not null default now(),
    primary key (comment_id, actor_id, emoji)
);

create table ticket_commits (
    id text collate "C" primary key,
    ticket_id text collate "C" not null references tickets (id) on delete cascade,
    workflow_id text collate "C" not null references workflows (id),
    agent_id text collate "C" references actors (id),
    commit_sha text not null constraint ticket_commits_sha check (commit_sha ~ '^[0-9a-f]{4,64}$'),
    commit_message text not null default '' constraint ticket_commits_message_length check (char_length(commit_message) <= 20000),
    commit_timestamp timestamptz,
    files_changed bigint,
    insertions bigint,
    deletions bigint,
    files_list text[] not null default '{}',
    link_method text not null default 'manual',
    linked_at timestamptz not null default now(),
    constraint ticket_commits_once unique (ticket_id, commit_sha)
);
create index ticket_commits_by_sha on ticket_commits (commit_sha text_pattern_ops);
create index ticket_commits_by_workflow on ticket_commits (workflow_id, ticket_id);

-- What keyword search reads, apart from the ticket's row so that a status change does not rewrite it.
create table ticket_search (
    ticket_id text collate "C" primary key references tickets (id) on delete cascade,
    workflow_id text collate "C" not null,
    document tsvector not null
);
create index ticket_search_document on ticket_search using gin (document);
create index ticket_search_workflow on ticket_search (workflow_id);
