-- Evidence: the rows of each stream are chained by hash, in the background, so that writes cost nothing more.

-- The end of each stream's chain, and its open block. The kept part of the chain begins after `cut_seq`, with the hash of the
-- pruned part.
create table history_chains (
    stream_id text collate "C" primary key,
    cut_seq bigint not null,
    cut_hash bytea not null,
    -- The last closed block.
    block_seq bigint not null,
    block_hash bytea not null,
    -- The last chained row. `marks` holds the first four bytes of the hash at each row since the block began.
    sealed_seq bigint not null,
    hash bytea not null,
    marks bytea not null default '',
    -- Whether there may be rows to chain.
    is_behind boolean not null default true
) with (fillfactor = 60);
create index history_chains_behind on history_chains (stream_id) where is_behind;

-- The closed blocks of each chain: the hash at the last row, and the marks of all rows since `first_seq`.
create table history_seals (
    stream_id text collate "C" not null,
    last_seq bigint not null,
    first_seq bigint not null,
    hash bytea not null,
    marks bytea not null,
    primary key (stream_id, last_seq)
);

-- Which rows have been looked at: those visible in the snapshot, and the streams up to `filled_to`, which existed before.
create table history_sealing (
    singleton boolean primary key default true check (singleton),
    snapshot pg_snapshot not null,
    filled_to text collate "C" not null default '',
    is_filled boolean not null default false
);
insert into history_sealing (snapshot) values (pg_current_snapshot());

-- Checkpoints of the chains are signed with a key of their own, whose secret is 32 bytes.
create table checkpoint_keys (
    kid text collate "C" primary key,
    secret bytea not null,
    created_at timestamptz not null default now()
);

-- Transcripts are pruned by retention, once for each job.
alter table jobs add column transcript_pruned_at timestamptz;
-- One transaction per migration rules out concurrent builds; 100,000 jobs take a tenth of a second.
-- squawk-ignore require-concurrent-index-creation
create index jobs_with_transcript on jobs (finished_at) where finished_at is not null and transcript_pruned_at is null;
