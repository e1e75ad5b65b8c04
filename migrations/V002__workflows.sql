-- A workflow is a body of work; it has members, one board and one stream of history.

create table workflows (
    id text collate "C" primary key,
    name text not null constraint workflows_name_length check (char_length(name) between 1 and 200),
    description text not null default '' constraint workflows_description_length check (char_length(description) <= 20000),
    ticket_tracking boolean not null default true,
    -- A git repository on the server's disk whose commits this workflow may show.
    repository_path text,
    created_by text collate "C" references actors (id),
    created_at timestamptz not null default now(),
    updated_at timestamptz not null default now(),
    archived_at timestamptz
);
create index workflows_created_by on workflows (created_by);

create table workflow_members (
    workflow_id text collate "C" not null references workflows (id) on delete cascade,
    actor_id text collate "C" not null references actors (id),
    role text not null constraint workflow_members_role check (role in ('viewer', 'member', 'owner')),
    added_by text collate "C" references actors (id),
    added_at timestamptz not null default now(),
    primary key (workflow_id, actor_id)
);
create index workflow_members_actor on workflow_members (actor_id);

create table boards (
    workflow_id text collate "C" primary key references workflows (id) on delete cascade,
    name text not null constraint boards_name_length check (char_length(name) between 1 and 200),
    -- [{id, name, icon, color}, …]
    ticket_types jsonb not null,
    default_ticket_type text not null,
    initial_status text collate "C" not null,
    auto_assign boolean not null default false,
    require_comments_on_status_change boolean not null default false,
    allow_reopen boolean not null default true,
    track_time boolean not null default false,
    wip_policy text not null default 'warn' constraint boards_wip_policy check (wip_policy in ('warn', 'refuse')),
    updated_at timestamptz not null default now()
);

create table board_columns (
    workflow_id text collate "C" not null references boards (workflow_id) on delete cascade,
    id text collate "C" not null constraint board_columns_id_shape check (id ~ '^[A-Za-z0-9][A-Za-z0-9_.-]{0,49}$'),
    name text not null constraint board_columns_name_length check (char_length(name) between 1 and 100),
    position bigint not null,
    color text not null,
    wip_limit bigint constraint board_columns_wip_limit check (wip_limit > 0),
    category text not null constraint board_columns_category check (category in ('todo', 'active', 'done')),
    primary key (workflow_id, id)
);

alter table boards
    add constraint boards_initial_status_is_a_column foreign key (workflow_id, initial_status)
    references board_columns (workflow_id, id) on update cascade deferrable initially deferred;

-- Allowed moves; a board without rows here allows them all.
create table board_transitions (
    workflow_id text collate "C" not null,
    from_status text collate "C" not null,
    to_status text collate "C" not null,
    primary key (workflow_id, from_status, to_status),
    foreign key (workflow_id, from_status) references board_columns (workflow_id, id) on update cascade on delete cascade,
    foreign key (workflow_id, to_status) references board_columns (workflow_id, id) on update cascade on delete cascade
);
create index board_transitions_to on board_transitions (workflow_id, to_status);
