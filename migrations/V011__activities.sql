-- What programs tell about a ticket besides changing it: progress, pull requests, lines of its timeline,
-- states that the board has no place for. And boards kept as definitions, from which workflows are begun.

create table ticket_activities (
    id text collate "C" primary key,
    ticket_id text collate "C" not null references tickets (id) on delete cascade,
    workflow_id text collate "C" not null references workflows (id),
    event text not null constraint ticket_activities_event check (event in ('state_change', 'progress', 'pr_created', 'activity')),
    state text constraint ticket_activities_state_length check (char_length(state) between 1 and 100),
    phase text constraint ticket_activities_phase_length check (char_length(phase) <= 200),
    message text constraint ticket_activities_message_length check (char_length(message) <= 10000),
    category text constraint ticket_activities_category_length check (char_length(category) <= 100),
    pr_url text constraint ticket_activities_pr_url check (pr_url ~ '^https?://' and char_length(pr_url) <= 2000),
    branch text constraint ticket_activities_branch_length check (char_length(branch) <= 500),
    -- Who did it, in the words of the program that tells it.
    subject text constraint ticket_activities_subject_length check (char_length(subject) <= 200),
    -- Why the ticket stayed where it was.
    notice text,
    -- What was told besides.
    metadata jsonb not null default '{}' constraint ticket_activities_metadata_size check (octet_length(metadata::text) <= 32768),
    agent_id text collate "C" references actors (id),
    created_at timestamptz not null default clock_timestamp()
);
create index ticket_activities_by_ticket on ticket_activities (ticket_id, created_at);
create index ticket_activities_by_workflow on ticket_activities (workflow_id);

create table workflow_definitions (
    id text collate "C" primary key,
    name text not null constraint workflow_definitions_name_length check (char_length(name) between 1 and 200),
    description text not null default '' constraint workflow_definitions_description_length check (char_length(description) <= 10000),
    board_config jsonb not null,
    created_by text collate "C" not null references actors (id),
    created_at timestamptz not null default now()
);
create index workflow_definitions_by_creator on workflow_definitions (created_by, id);

-- Workflows that were begun from a definition, and with what.
create table workflow_launches (
    workflow_id text collate "C" primary key references workflows (id) on delete cascade,
    definition_id text collate "C" not null,
    launch_params jsonb not null default '{}' constraint workflow_launches_params_size check (octet_length(launch_params::text) <= 65536),
    created_at timestamptz not null default now()
);
