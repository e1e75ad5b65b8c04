-- One-time links with which people whose password is lost choose a new one.

create table password_resets (
    token_hash bytea primary key,
    -- Whose password it sets.
    actor_id text collate "C" not null references actors (id),
    -- The administrator who made it; the link works only while they are one.
    created_by text collate "C" not null references actors (id),
    created_at timestamptz not null default now(),
    expires_at timestamptz not null,
    -- Whether using it also revokes the keys that the person holds or made.
    revokes_keys boolean not null default false,
    used_at timestamptz
);
create index password_resets_by_actor on password_resets (actor_id);
create index password_resets_by_creator on password_resets (created_by);
