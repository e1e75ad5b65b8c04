-- Duplicates: a ticket that says the same as another is merged into it. Nothing is deleted; the row
-- points to its original, and what went over is noted, so that it can be taken back.

alter table tickets
    add column merged_into_ticket_id text collate "C";
-- The column is empty, so there is nothing to validate.
alter table tickets
    add constraint tickets_merged_into_a_ticket foreign key (merged_into_ticket_id) references tickets (id) not valid;
alter table tickets
    add constraint tickets_merged_into_another check (merged_into_ticket_id <> id) not valid;
-- No row is in it yet: it is made in the time of one look at the table.
-- squawk-ignore require-concurrent-index-creation
create index tickets_by_original on tickets (merged_into_ticket_id) where merged_into_ticket_id is not null;

-- The merges that stand, one for each duplicate.
create table ticket_merges (
    ticket_id text collate "C" primary key references tickets (id) on delete cascade,
    into_ticket_id text collate "C" not null references tickets (id) on delete cascade,
    workflow_id text collate "C" not null references workflows (id),
    -- What went over, and how the duplicate stood before; logic.merge_tickets says what is in it.
    moved jsonb not null default '{}',
    merged_by text collate "C" not null,
    merged_at timestamptz not null default clock_timestamp()
);
create index ticket_merges_original on ticket_merges (into_ticket_id);
create index ticket_merges_workflow on ticket_merges (workflow_id);
