-- The trail of what concerns security, and the secret that keys advisory locks.

-- Rows are only added; a trigger refuses changes. No foreign keys: the trail outlives what it names.
create table security_events (
    id bigint generated always as identity primary key,
    occurred_at timestamptz not null default clock_timestamp(),
    kind text not null constraint security_events_kind check (kind ~ '^[a-z_]{1,60}$'),
    outcome text not null constraint security_events_outcome check (outcome in ('ok', 'failed')),
    -- Who: an actor's id, or db:<role> for direct database access; null where nobody is known.
    actor_id text collate "C",
    on_behalf_of text collate "C",
    session_id text collate "C",
    key_id text collate "C",
    -- From where, as the trusted proxy tells.
    address text constraint security_events_address_length check (char_length(address) <= 100),
    -- What: an actor, key, session, webhook or setting.
    subject_id text collate "C",
    -- Null for the installation.
    workflow_id text collate "C",
    -- Names and values, never a secret.
    details jsonb not null default '{}',
    -- How often it happened, where repeats were counted instead of kept.
    occurrences bigint not null default 1 constraint security_events_occurrences check (occurrences > 0)
);
create index security_events_by_workflow on security_events (workflow_id, id) where workflow_id is not null;
create index security_events_by_actor on security_events (actor_id, id);
create index security_events_by_kind on security_events (kind, id);
create index security_events_by_time on security_events (occurred_at);

-- Repeats beyond the limits of an hour, so that failed attempts cannot fill the disk; they become one event each hour.
create table security_event_repeats (
    kind text not null,
    -- Empty for what belongs to no workflow.
    workflow_id text collate "C" not null default '',
    hour timestamptz not null,
    kept bigint not null default 0,
    counted bigint not null default 0,
    addresses text[] not null default '{}' constraint security_event_repeats_addresses check (cardinality(addresses) <= 20),
    subjects text[] not null default '{}' constraint security_event_repeats_subjects check (cardinality(subjects) <= 20),
    primary key (kind, workflow_id, hour)
);

-- The secret behind the keys of advisory locks, which any role of the database may take: without it, no key can be guessed.
create table lock_secret (
    singleton boolean primary key default true constraint lock_secret_singleton check (singleton),
    secret bigint not null default hashtextextended(gen_random_uuid()::text || gen_random_uuid()::text, 0)
);
insert into lock_secret default values;
