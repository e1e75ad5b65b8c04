-- Jobs: one execution of work by a worker, its transcript and what comes out of it. All times are the
-- database's clock. Only the functions in sql/logic write here; a row typed in psql is told like any other.

create table jobs (
    id text collate "C" primary key,
    workflow_id text collate "C" not null references workflows (id),
    ticket_id text collate "C" references tickets (id),
    title text not null constraint jobs_title_length check (char_length(title) between 1 and 500),
    initial_prompt text not null default '' constraint jobs_prompt_length check (char_length(initial_prompt) <= 200000),
    job_type text not null default 'task' constraint jobs_type_length check (char_length(job_type) between 1 and 64),
    -- What it goes through, in order; the ticket goes along where its board has columns of these names.
    stages text[] not null default '{}' constraint jobs_stages_count check (cardinality(stages) <= 50),
    stage text,
    status text not null constraint jobs_status check (
        status in ('collecting', 'queued', 'running', 'paused', 'waiting', 'succeeded', 'failed', 'cancelled')),
    priority text not null default 'medium'
        constraint jobs_priority check (priority in ('low', 'medium', 'high', 'critical')),
    -- The same as a number that sorts: 0 is the most urgent.
    urgency bigint not null generated always as (
        case priority when 'critical' then 0 when 'high' then 1 when 'medium' then 2 else 3 end) stored,
    payload jsonb not null default '{}' constraint jobs_payload_size check (octet_length(payload::text) <= 262144),
    progress double precision not null default 0 constraint jobs_progress check (progress between 0 and 100),
    progress_message text not null default '' constraint jobs_progress_message_length check (char_length(progress_message) <= 2000),
    -- How often it was claimed; a claim that was given back does not count.
    attempt bigint not null default 0,
    max_attempts bigint not null default 3 constraint jobs_max_attempts check (max_attempts between 1 and 100),
    -- Not handed out before this time: the pause before the next attempt, or a delay asked for.
    not_before timestamptz not null default now(),
    -- The fencing token of the newest claim: whoever writes as the worker has to name it. It stays after
    -- the end, so that an end reported twice is recognized.
    lease_token text,
    -- Until when the claim holds; null where nobody holds the job.
    lease_expires_at timestamptz,
    heartbeat_at timestamptz,
    worker text constraint jobs_worker_length check (char_length(worker) <= 200),
    claimed_by text collate "C" references actors (id),
    cancel_requested_at timestamptz,
    result jsonb constraint jobs_result_size check (octet_length(result::text) <= 262144),
    -- What an end was answered with, for a worker that asks again.
    end_answer jsonb,
    commit_sha text constraint jobs_commit_sha check (commit_sha ~ '^[0-9a-f]{4,64}$'),
    error text constraint jobs_error_length check (char_length(error) <= 20000),
    created_by text collate "C" references actors (id),
    created_at timestamptz not null default now(),
    updated_at timestamptz not null default now(),
    queued_at timestamptz,
    started_at timestamptz,
    finished_at timestamptz,
    deleted_at timestamptz
) with (fillfactor = 70);
-- The queue in the order of claiming, of one workflow and of all.
create index jobs_queue on jobs (workflow_id, urgency, created_at, id) where status = 'queued' and deleted_at is null;
create index jobs_queue_of_all on jobs (urgency, created_at, id) where status = 'queued' and deleted_at is null;
create index jobs_leases on jobs (lease_expires_at) where lease_expires_at is not null;
create index jobs_by_workflow on jobs (workflow_id, created_at, id) where deleted_at is null;
create index jobs_by_ticket on jobs (ticket_id, created_at) where ticket_id is not null;
create index jobs_by_creator on jobs (created_by, created_at) where deleted_at is null;
-- Work under way, which boards show.
create index jobs_open on jobs (workflow_id)
    where deleted_at is null and status in ('collecting', 'queued', 'running', 'paused', 'waiting');

create table job_messages (
    id text collate "C" primary key,
    job_id text collate "C" not null references jobs (id) on delete cascade,
    workflow_id text collate "C" not null references workflows (id),
    -- 1, 2, 3… in the job's transcript.
    position bigint not null,
    kind text not null constraint job_messages_kind check (kind in ('chat', 'step', 'log')),
    role text not null default 'agent' constraint job_messages_role check (role in ('user', 'assistant', 'agent', 'system')),
    sender text constraint job_messages_sender_length check (char_length(sender) <= 200),
    level text not null default 'info' constraint job_messages_level check (level in ('debug', 'info', 'warning', 'error')),
    content text not null constraint job_messages_content_length check (octet_length(content) between 1 and 65536),
    stage text,
    attempt bigint not null default 0,
    metadata jsonb not null default '{}' constraint job_messages_metadata_size check (octet_length(metadata::text) <= 65536),
    agent_id text collate "C" references actors (id),
    created_at timestamptz not null default clock_timestamp(),
    constraint job_messages_position unique (job_id, position)
);
create index job_messages_by_workflow on job_messages (workflow_id);

create table apps (
    id text collate "C" primary key,
    job_id text collate "C" not null constraint apps_one_a_job unique references jobs (id) on delete cascade,
    workflow_id text collate "C" not null references workflows (id),
    ticket_id text collate "C" references tickets (id),
    title text not null constraint apps_title_length check (char_length(title) between 1 and 500),
    spec jsonb not null constraint apps_spec_size check (octet_length(spec::text) <= 1048576),
    prd_markdown text not null default '' constraint apps_prd_length check (octet_length(prd_markdown) <= 1048576),
    created_by text collate "C" references actors (id),
    created_at timestamptz not null default now(),
    updated_at timestamptz not null default now()
);
create index apps_by_workflow on apps (workflow_id, created_at, id);

-- Where work goes that names no workflow: one workflow an actor, made when first needed.
create table default_workflows (
    actor_id text collate "C" primary key references actors (id),
    workflow_id text collate "C" not null references workflows (id) on delete cascade
);
create index default_workflows_by_workflow on default_workflows (workflow_id);
