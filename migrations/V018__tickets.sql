-- Blockers that outlive their resolution, claims of tickets with a lease, whole days in a workflow's own time zone, shorter
-- titles, refused webhook events, rotation of webhook secrets, and what live workers take.

-- When the blocker was resolved or deleted; null while it blocks.
alter table ticket_blockers add column released_at timestamptz;

-- Who works on a claimed ticket, and until when. Apart from `tickets`, so that a heartbeat does not rewrite the ticket.
create table ticket_claims (
    ticket_id text collate "C" primary key references tickets (id) on delete cascade,
    workflow_id text collate "C" not null references workflows (id),
    agent_id text collate "C" not null references actors (id),
    -- The column that the ticket was claimed from, to which an expired claim returns it.
    claimed_from text collate "C" not null,
    claimed_at timestamptz not null default clock_timestamp(),
    -- The last change or read of the ticket by the agent.
    seen_at timestamptz not null default clock_timestamp(),
    -- The length of the lease; null for a claim without one.
    lease_seconds double precision constraint ticket_claims_lease check (lease_seconds between 5 and 86400),
    expires_at timestamptz
) with (fillfactor = 50);
create index ticket_claims_expiry on ticket_claims (expires_at) where expires_at is not null;
create index ticket_claims_by_workflow on ticket_claims (workflow_id);
create index ticket_claims_by_agent on ticket_claims (agent_id);

-- The zone in which days of this workflow begin and end.
alter table workflows add column time_zone text not null default 'UTC';
-- New columns have only their defaults, so there is nothing to validate.
alter table workflows
    add constraint workflows_time_zone_length check (char_length(time_zone) between 1 and 64) not valid;

-- Whether new tickets need a description.
alter table boards add column require_description boolean not null default false;

-- A title in a script without letters, like 登录, can have two characters; logic.check_title decides. Every existing title
-- passes the wider check.
-- squawk-ignore ban-drop-constraint
alter table tickets drop constraint tickets_title_length;
alter table tickets add constraint tickets_title_length check (char_length(title) between 1 and 500) not valid;

-- After a rotation requests are signed with both secrets until then.
alter table webhooks add column previous_secret text;
alter table webhooks add column previous_secret_expires_at timestamptz;
-- Attempts at an event that the receiver refuses, before it is set aside.
alter table webhooks add column refusal_attempts bigint not null default 3;
-- Events set aside since the last one that was accepted.
alter table webhooks add column refused_in_a_row bigint not null default 0;
alter table webhooks add constraint webhooks_previous_secret_length check (char_length(previous_secret) between 1 and 200) not valid;
alter table webhooks add constraint webhooks_refusal_attempts check (refusal_attempts between 1 and 20) not valid;

-- Events that a receiver refused and that were set aside, so that later ones are delivered.
create table webhook_dead_letters (
    id text collate "C" primary key,
    webhook_id text collate "C" not null references webhooks (id) on delete cascade,
    workflow_id text collate "C" not null references workflows (id) on delete cascade,
    message_id text not null,
    event_type text not null,
    -- The event's number in the workflow's stream, where its data is.
    seq bigint not null,
    attempts bigint not null,
    status_code bigint,
    error text,
    created_at timestamptz not null default clock_timestamp(),
    constraint webhook_dead_letters_once unique (webhook_id, seq)
);
create index webhook_dead_letters_by_webhook on webhook_dead_letters (webhook_id, id);
create index webhook_dead_letters_by_workflow on webhook_dead_letters (workflow_id);

-- What asks for jobs: each worker with the scope and the job types of its claims.
create table job_workers (
    actor_id text collate "C" not null references actors (id) on delete cascade,
    worker text not null constraint job_workers_worker_length check (char_length(worker) <= 200),
    -- Empty for claims in every workflow of the actor.
    workflow_id text collate "C" not null,
    -- Null for every type.
    job_types text[],
    seen_at timestamptz not null default clock_timestamp(),
    primary key (actor_id, worker, workflow_id)
) with (fillfactor = 50);
create index job_workers_by_age on job_workers (seen_at);

-- Since when no live worker takes this queued job; null otherwise.
alter table jobs add column no_worker_since timestamptz;
