-- What the schema `reporting` reads about the past, computed from history: it does not change when tickets are deleted, merged or
-- moved, or when columns are renamed or removed, and reading it takes no longer when history has grown.

-- Counts of a quarter of an hour or a day fit in 32 bits.
-- squawk-ignore-file prefer-bigint-over-int

-- The ids, names and categories that the columns of a board have and had.
create table board_column_versions (
    workflow_id text collate "C" not null references workflows (id) on delete cascade,
    -- The column, whatever its id: a renamed column keeps it.
    column_key bigint not null,
    id text collate "C" not null,
    name text not null,
    category text not null,
    valid_from timestamptz not null default clock_timestamp(),
    -- When the column got other values or was removed; null for the present ones.
    valid_to timestamptz,
    primary key (workflow_id, column_key, valid_from)
);
create unique index board_column_versions_present on board_column_versions (workflow_id, id) where valid_to is null;
create index board_column_versions_by_id on board_column_versions (workflow_id, id);

insert into board_column_versions (workflow_id, column_key, id, name, category, valid_from)
select c.workflow_id, row_number() over (partition by c.workflow_id order by c.position, c.id), c.id, c.name, c.category, '-infinity'
  from board_columns c;
-- Earlier ids of columns, as far as history has tickets that were in them when they were renamed.
with recursive
-- Each renaming once.
renamings as (
    select h.workflow_id, h.old_value, h.new_value, min(h.changed_at) as renamed_at
      from history h where h.change_type = 'column_renamed' group by h.workflow_id, h.old_value, h.new_value
),
-- Back from the present ids.
earlier as (
    select v.workflow_id, v.column_key, r.old_value as id, v.name, v.category, r.renamed_at, 1 as step
      from board_column_versions v join renamings r on r.workflow_id = v.workflow_id and r.new_value = v.id
    union all
    select e.workflow_id, e.column_key, r.old_value, e.name, e.category, r.renamed_at, e.step + 1
      from earlier e join renamings r on r.workflow_id = e.workflow_id and r.new_value = e.id and r.renamed_at < e.renamed_at
)
insert into board_column_versions (workflow_id, column_key, id, name, category, valid_from, valid_to)
select distinct on (e.workflow_id, e.column_key, e.renamed_at)
       e.workflow_id, e.column_key, e.id, e.name, e.category, e.renamed_at - interval '1 microsecond', e.renamed_at
  from earlier e where e.id is not null and e.step < 20
 order by e.workflow_id, e.column_key, e.renamed_at, e.step;

-- Up to which number of its stream a workflow's history is in the tables below; views add what came later.
create table reporting_progress (
    workflow_id text collate "C" primary key references workflows (id) on delete cascade,
    seq bigint not null default 0,
    refreshed_at timestamptz not null default clock_timestamp()
) with (fillfactor = 50);

-- Each ticket that ever was, as it stood at that number; sql/logic/89_reporting says what is in `state`.
create table reporting_tickets (
    workflow_id text collate "C" not null references workflows (id) on delete cascade,
    ticket_id text collate "C" not null,
    created_at timestamptz,
    state jsonb not null,
    primary key (workflow_id, ticket_id)
);

-- Times in which something held for a ticket: it was in a column, had an assignee, was blocked, or was done.
create table reporting_spans (
    workflow_id text collate "C" not null references workflows (id) on delete cascade,
    ticket_id text collate "C" not null,
    kind text not null constraint reporting_spans_kind check (kind in ('column', 'assignee', 'blocked', 'done')),
    -- Where it begins: the number of the event times four, plus the position among the dates of an imported ticket.
    place bigint not null,
    -- The column's id at the end of the stay, or the assignee.
    value text not null,
    -- Of a column: what it is called by whatever id, and its category at the time.
    column_key bigint,
    category text,
    started_at timestamptz not null,
    -- Null while it holds.
    ended_at timestamptz,
    -- The type of the event that ended it.
    ended_by text,
    -- Whether it comes from the dates of an imported ticket and not from an event.
    is_estimated boolean not null default false,
    -- Of a completion: the ticket as it was then.
    created_at timestamptz,
    began_at timestamptz,
    story_points double precision,
    ticket_type text,
    priority text,
    assignee_id text collate "C",
    active_seconds double precision,
    blocked_seconds double precision,
    primary key (workflow_id, ticket_id, kind, place)
);
create index reporting_tickets_created on reporting_tickets (workflow_id, created_at);
create index reporting_spans_started on reporting_spans (workflow_id, kind, started_at);
create index reporting_spans_ended on reporting_spans (workflow_id, kind, ended_at);

-- How many tickets entered and left a column in each quarter of an hour, in which the days of every time zone begin; and on each day in
-- UTC, so that what stood in a column at a time is added up from few rows.
create table reporting_flow (
    workflow_id text collate "C" not null references workflows (id) on delete cascade,
    quarter timestamptz not null,
    column_key bigint not null,
    entered int not null,
    "left" int not null,
    primary key (workflow_id, quarter, column_key)
);
create table reporting_flow_days (
    workflow_id text collate "C" not null references workflows (id) on delete cascade,
    day date not null,
    column_key bigint not null,
    net int not null,
    primary key (workflow_id, day, column_key)
);
