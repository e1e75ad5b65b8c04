-- Webhooks: addresses outside that are told what happens in a workflow, in order and at least once.

create table webhooks (
    id text collate "C" primary key,
    workflow_id text collate "C" not null references workflows (id) on delete cascade,
    url text not null constraint webhooks_url_length check (char_length(url) between 1 and 2000),
    -- Signs each request; shown once, when the webhook is made.
    secret text not null constraint webhooks_secret_length check (char_length(secret) between 1 and 200),
    -- Types of events that are sent; none means all.
    events text[] not null default '{}' constraint webhooks_events_count check (cardinality(events) <= 100),
    active boolean not null default true,
    -- Why it is not active.
    disabled_reason text,
    -- The cursor: everything up to here has been taken, or was not asked for.
    last_seq bigint not null,
    -- The event after the cursor has failed so often, since then, and is tried again at that time.
    attempt bigint not null default 0,
    failing_since timestamptz,
    not_before timestamptz not null default now(),
    -- The server that delivers it, by the token of its claim, and until when the claim holds.
    lease_token text,
    lease_expires_at timestamptz,
    created_by text collate "C" references actors (id),
    created_at timestamptz not null default now(),
    updated_at timestamptz not null default now(),
    constraint webhooks_reason_where_off check (active or disabled_reason is not null)
) with (fillfactor = 70);
create index webhooks_by_workflow on webhooks (workflow_id, id);
create index webhooks_by_creator on webhooks (created_by);
create index webhooks_due on webhooks (not_before) where active;

-- What was sent and what came back; the newest of each webhook are kept.
create table webhook_deliveries (
    id bigint generated always as identity primary key,
    webhook_id text collate "C" not null references webhooks (id) on delete cascade,
    workflow_id text collate "C" not null,
    -- The header webhook-id: the same for each attempt at one event.
    message_id text not null,
    event_type text not null,
    -- The event's number in the workflow's stream; null for a test.
    seq bigint,
    attempt bigint not null,
    -- The HTTP status, or null where there was no answer.
    status_code bigint,
    delivered boolean not null,
    error text,
    duration_ms bigint not null,
    attempted_at timestamptz not null default clock_timestamp()
);
create index webhook_deliveries_by_webhook on webhook_deliveries (webhook_id, id);
create index webhook_deliveries_by_workflow on webhook_deliveries (workflow_id);
