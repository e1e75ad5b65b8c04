-- Searches that people keep, those they made lately, and who is told when a ticket starts to match one.

create table saved_searches (
    id text collate "C" primary key,
    workflow_id text collate "C" not null references workflows (id) on delete cascade,
    owner_id text collate "C" not null references actors (id),
    name text not null constraint saved_searches_name_length check (char_length(name) between 1 and 100),
    -- Empty where the filters say it all.
    query text not null constraint saved_searches_query_length check (char_length(query) <= 1000),
    search_type text not null default 'hybrid'
        constraint saved_searches_type check (search_type in ('semantic', 'keyword', 'hybrid')),
    filters jsonb not null default '{}',
    include_comments boolean not null default true,
    -- Whether everybody in the workflow may use it.
    shared boolean not null default false,
    -- Whether its stream tells of each ticket that starts to match.
    notify boolean not null default false,
    -- Since when it tells, in the form it has now.
    watched_at timestamptz,
    -- The vector of the query and whose it is; null until a server has made it.
    model_id bigint references embedding_models (id) on delete set null,
    vector halfvec,
    created_at timestamptz not null default clock_timestamp(),
    updated_at timestamptz not null default clock_timestamp()
);
create unique index saved_searches_name on saved_searches (workflow_id, owner_id, lower(name));
create index saved_searches_owner on saved_searches (owner_id);
create index saved_searches_model on saved_searches (model_id);
-- Every change of a ticket asks whether somebody watches its workflow.
create index saved_searches_watching on saved_searches (workflow_id) where notify;

-- What each person searched for lately, the newest of each.
create table recent_searches (
    workflow_id text collate "C" not null references workflows (id) on delete cascade,
    actor_id text collate "C" not null references actors (id) on delete cascade,
    -- Of query, type and filters: the same search is kept once.
    fingerprint bytea not null,
    query text not null constraint recent_searches_query_length check (char_length(query) <= 1000),
    search_type text not null,
    filters jsonb not null default '{}',
    searched_at timestamptz not null default clock_timestamp(),
    primary key (workflow_id, actor_id, fingerprint)
);
create index recent_searches_actor on recent_searches (actor_id);

-- Tickets that changed where somebody watches, written by the transaction that changed them. One row for
-- each change: a writer never waits for whoever works on the queue.
create table search_match_queue (
    id bigint generated always as identity primary key,
    workflow_id text collate "C" not null,
    ticket_id text collate "C" not null,
    actor_id text collate "C" not null,
    on_behalf_of text collate "C",
    queued_at timestamptz not null default clock_timestamp()
);
create index search_match_queue_workflow on search_match_queue (workflow_id, id);

-- The tickets that match a watched search now; one that comes in is told.
create table search_matches (
    search_id text collate "C" not null references saved_searches (id) on delete cascade,
    ticket_id text collate "C" not null references tickets (id) on delete cascade,
    workflow_id text collate "C" not null,
    matched_at timestamptz not null default clock_timestamp(),
    primary key (search_id, ticket_id)
);
create index search_matches_ticket on search_matches (ticket_id);
