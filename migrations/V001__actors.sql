-- Who acts: people (users), agents and services, and everything they sign in with.
-- Secrets are kept as SHA-256 hashes only; the server's signing keys are the one exception.

create table actors (
    id text collate "C" primary key
        constraint actors_id_shape check (id ~ '^[A-Za-z0-9][A-Za-z0-9_./:@+-]{0,127}$'),
    kind text not null constraint actors_kind check (kind in ('user', 'agent', 'service')),
    name text not null constraint actors_name_length check (char_length(name) between 1 and 200),
    -- Who may manage this actor and mint keys for it; null for people.
    owner_id text collate "C" references actors (id),
    is_admin boolean not null default false,
    disabled_at timestamptz,
    created_at timestamptz not null default now()
);
create index actors_owner on actors (owner_id) where owner_id is not null;

create table users (
    actor_id text collate "C" primary key references actors (id),
    email text not null constraint users_email_length check (char_length(email) between 3 and 320),
    password_hash text not null,
    password_changed_at timestamptz not null default now()
);
create unique index users_email on users (lower(email));

-- One sign-in on one device: a family of refresh tokens.
create table sessions (
    id text collate "C" primary key,
    actor_id text collate "C" not null references actors (id),
    user_agent text,
    address text,
    created_at timestamptz not null default now(),
    last_used_at timestamptz not null default now(),
    expires_at timestamptz not null,
    revoked_at timestamptz,
    revoked_reason text
);
create index sessions_actor on sessions (actor_id);

create table refresh_tokens (
    token_hash bytea primary key,
    session_id text collate "C" not null references sessions (id) on delete cascade,
    successor_hash bytea,
    issued_at timestamptz not null default now(),
    used_at timestamptz
);
create index refresh_tokens_session on refresh_tokens (session_id);

create table api_keys (
    id text collate "C" primary key,
    actor_id text collate "C" not null references actors (id),
    name text not null constraint api_keys_name_length check (char_length(name) between 1 and 200),
    secret_hash bytea not null,
    scopes text[] not null,
    created_by text collate "C" references actors (id),
    created_at timestamptz not null default now(),
    expires_at timestamptz,
    last_used_at timestamptz,
    revoked_at timestamptz
);
create index api_keys_actor on api_keys (actor_id);

-- Single-use tickets that let a browser open a socket.
create table ws_tickets (
    ticket_hash bytea primary key,
    actor_id text collate "C" not null references actors (id),
    session_id text collate "C" references sessions (id) on delete cascade,
    api_key_id text collate "C" references api_keys (id) on delete cascade,
    -- When the credential that asked for the ticket ends by itself.
    credential_expires_at timestamptz,
    expires_at timestamptz not null,
    used_at timestamptz
);
create index ws_tickets_expiry on ws_tickets (expires_at);

-- One-time links: an invitation to register, or the set-up of the first admin.
create table invites (
    token_hash bytea primary key,
    purpose text not null constraint invites_purpose check (purpose in ('register', 'setup')),
    email text,
    workflow_id text collate "C",
    role text,
    created_by text collate "C" references actors (id),
    created_at timestamptz not null default now(),
    expires_at timestamptz not null,
    used_at timestamptz
);

-- Keys that sign access tokens and derive refresh successors; shared by every server of the database.
create table signing_keys (
    kid text collate "C" primary key,
    purpose text not null constraint signing_keys_purpose check (purpose in ('access', 'refresh')),
    secret bytea not null,
    created_at timestamptz not null default now(),
    retired_at timestamptz
);
