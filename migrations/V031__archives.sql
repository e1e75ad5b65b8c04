-- Archives that are being imported: their lines wait here until all have arrived, and become tickets in one transaction.
-- An import that was interrupted goes on with the first chunk that is missing.

-- One import. It is deleted at its end, and by housekeeping when it was left for a week.
create table archive_imports (
    -- SHA-256 of the archive, as its last line states it.
    digest text collate "C" primary key,
    touched_at timestamptz not null default clock_timestamp()
);

-- The chunks that have arrived.
create table archive_chunks (
    digest text collate "C" not null references archive_imports (digest) on delete cascade,
    -- Its number in the archive.
    place bigint not null,
    -- The workflow, as the archive names it; null for what belongs to the whole server.
    workflow_id text collate "C",
    section text not null,
    -- Its rows, as JSON objects, one a line.
    lines text not null,
    primary key (digest, place)
);

-- What ids of the archive are called here, because others have them. Written and removed by the transaction of the import.
create table archive_ids (
    digest text collate "C" not null references archive_imports (digest) on delete cascade,
    old_id text collate "C" not null,
    new_id text collate "C" not null,
    primary key (digest, old_id)
);
