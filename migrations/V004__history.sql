-- History is the source of truth of the live stream: append-only, cut into streams, numbered without
-- gaps in commit order. Only the triggers in sql/logic write here.

create table streams (
    stream_id text collate "C" primary key,
    workflow_id text collate "C" not null references workflows (id) on delete cascade,
    last_seq bigint not null default 0,
    -- Rows with seq up to here have been pruned by retention.
    pruned_seq bigint not null default 0
) with (fillfactor = 50);
create index streams_workflow on streams (workflow_id);

create table history (
    stream_id text collate "C" not null,
    seq bigint not null,
    workflow_id text collate "C" not null,
    ticket_id text collate "C",
    job_id text collate "C",
    change_type text not null,
    field_name text,
    old_value text,
    new_value text,
    change_description text not null default '',
    -- The event's data as sockets send it; `changes` maps card fields to their new values.
    metadata jsonb not null default '{}',
    actor_id text collate "C" not null,
    on_behalf_of text collate "C",
    -- The writing transaction: the relay reads by snapshot difference over it.
    xid xid8 not null default pg_current_xact_id(),
    changed_at timestamptz not null default clock_timestamp(),
    primary key (stream_id, seq, changed_at)
) partition by range (changed_at);
create index history_xid on history (xid);
create index history_ticket on history (ticket_id, seq) where ticket_id is not null;

-- Catches what no monthly partition covers, so that a write never fails for want of one.
create table history_default partition of history default;

-- Servers that relay history to sockets; a writer rings the bell if any of them sleeps.
create table relays (
    node text collate "C" primary key,
    asleep boolean not null,
    seen_at timestamptz not null default now()
);

create table idempotency_keys (
    actor_id text collate "C" not null references actors (id),
    key text not null constraint idempotency_keys_length check (char_length(key) between 1 and 255),
    request_hash bytea not null,
    response jsonb,
    created_at timestamptz not null default now(),
    primary key (actor_id, key)
);
create index idempotency_keys_age on idempotency_keys (created_at);

-- Settings of the installation that SQL needs to know: notify_status_changes, restores, …
create table settings (
    key text primary key,
    value jsonb not null
);
insert into settings (key, value) values
    ('notify_status_changes', '"always"'),
    ('restores', '0');

-- The fingerprint of the text from which the schemas `logic` and `reporting` were last built.
create table logic_fingerprint (
    singleton boolean primary key default true check (singleton),
    fingerprint text not null,
    built_at timestamptz not null default now()
);
