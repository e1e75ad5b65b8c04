-- Home: what each person has seen of each workflow, single items that they have dealt with, and who is mentioned in which comment.

-- Up to where a person has seen a workflow's stream. A cursor of an earlier epoch counts for nothing.
create table home_visits (
    actor_id text collate "C" not null references actors (id) on delete cascade,
    workflow_id text collate "C" not null references workflows (id) on delete cascade,
    epoch text not null,
    -- The last event that had happened when the person last left, and its time: what finished later is news.
    seq bigint not null constraint home_visits_seq check (seq >= 0),
    seen_at timestamptz not null,
    -- The same for "Mark all as seen": failures and mentions before it are dealt with.
    handled_seq bigint not null default 0 constraint home_visits_handled_seq check (handled_seq >= 0),
    handled_at timestamptz not null default '-infinity',
    visited_at timestamptz not null default clock_timestamp(),
    primary key (actor_id, workflow_id)
);
create index home_visits_by_workflow on home_visits (workflow_id);

-- Single items that a person has dealt with: the id of a job, finding, comment, ticket or approval. One that comes again later,
-- such as a job that fails again, is news.
create table home_handled (
    actor_id text collate "C" not null references actors (id) on delete cascade,
    item_id text collate "C" not null,
    workflow_id text collate "C" not null references workflows (id) on delete cascade,
    handled_at timestamptz not null default clock_timestamp(),
    primary key (actor_id, item_id)
);
create index home_handled_by_workflow on home_handled (workflow_id);
create index home_handled_by_age on home_handled (handled_at);

-- People mentioned in comments since this release; written by the triggers of comments.
create table comment_mentions (
    actor_id text collate "C" not null references actors (id) on delete cascade,
    comment_id text collate "C" not null references ticket_comments (id) on delete cascade,
    workflow_id text collate "C" not null references workflows (id) on delete cascade,
    created_at timestamptz not null default clock_timestamp(),
    primary key (actor_id, comment_id)
);
create index comment_mentions_by_time on comment_mentions (actor_id, workflow_id, created_at);
create index comment_mentions_by_comment on comment_mentions (comment_id);
create index comment_mentions_by_workflow on comment_mentions (workflow_id);
create index comment_mentions_by_age on comment_mentions (created_at);

-- What ended since a time. One transaction per migration rules out concurrent builds; 100,000 rows take a tenth of a second.
-- squawk-ignore require-concurrent-index-creation
create index tickets_by_resolution on tickets (workflow_id, resolved_at)
    where is_resolved and deleted_at is null and merged_into_ticket_id is null;
-- squawk-ignore require-concurrent-index-creation
create index jobs_by_end on jobs (workflow_id, status, finished_at)
    where status in ('succeeded', 'failed') and deleted_at is null;
-- squawk-ignore require-concurrent-index-creation
create index approvals_expired on approvals (workflow_id, decided_at) where status = 'expired';
