-- Milestones of a workflow, due dates of tickets, and which ticket belongs to which milestone.

create table milestones (
    id text collate "C" primary key,
    workflow_id text collate "C" not null references workflows (id) on delete cascade,
    name text not null constraint milestones_name_length check (char_length(name) between 1 and 200),
    description text not null default '' constraint milestones_description_length check (char_length(description) <= 2000),
    -- The first and the last day of the work, in the workflow's time zone.
    starts_on date constraint milestones_starts_on check (starts_on between '1900-01-01' and '9999-12-31'),
    due_on date constraint milestones_due_on check (due_on between '1900-01-01' and '9999-12-31'),
    -- Null while it is open.
    closed_at timestamptz,
    created_by text collate "C" references actors (id),
    created_at timestamptz not null default clock_timestamp(),
    updated_at timestamptz not null default clock_timestamp(),
    constraint milestones_days check (starts_on <= due_on),
    -- What a ticket refers to: a milestone of its own workflow.
    constraint milestones_of_workflow unique (workflow_id, id)
);
create unique index milestones_by_name on milestones (workflow_id, lower(name));
create index milestones_by_creator on milestones (created_by);

-- Constant nulls, so that no row is rewritten.
alter table tickets add column due_on date;
alter table tickets add column milestone_id text collate "C";
-- The column is empty, so there is nothing to validate. A deleted milestone leaves its tickets.
alter table tickets add constraint tickets_milestone foreign key (workflow_id, milestone_id)
    references milestones (workflow_id, id) on delete set null (milestone_id) not valid;

-- The tickets of a milestone, and those that are due; no ticket has either yet, so the indexes are empty. One transaction per
-- migration rules out concurrent builds.
-- squawk-ignore require-concurrent-index-creation
create index tickets_by_milestone on tickets (milestone_id) where milestone_id is not null;
-- squawk-ignore require-concurrent-index-creation
create index tickets_by_due_day on tickets (workflow_id, due_on) where due_on is not null;

-- The values of a ticket's fields, as in V026, with the due date.
create or replace function check_ticket_values() returns trigger language plpgsql as $$
declare
    broken constant text := case
        when char_length(new.title) not between 1 and 500 then 'tickets_title_length'
        when char_length(new.description) > 200000 then 'tickets_description_length'
        when new.priority not in ('low', 'medium', 'high', 'critical') then 'tickets_priority'
        when new.story_points not between 0 and 1000 then 'tickets_story_points'
        when new.estimate_minutes not between 0 and 10000000 then 'tickets_estimate'
        when new.spent_minutes not between 0 and 10000000 then 'tickets_spent'
        when new.approval_status not in ('pending_review', 'approved', 'rejected') then 'tickets_approval_status'
        when new.merged_into_ticket_id = new.id then 'tickets_merged_into_another'
        when jsonb_typeof(new.custom_fields) <> 'object' then 'tickets_custom_fields_is_object'
        when new.due_on not between '1900-01-01' and '9999-12-31' then 'tickets_due_on'
    end;
begin
    if broken is not null then
        raise exception 'new row for relation "tickets" violates check constraint "%"', broken
            using errcode = 'check_violation', schema = tg_table_schema, table = tg_table_name, constraint = broken;
    end if;
    return new;
end
$$;
-- Apart from tickets_values, which stays as it is: replacing it would lock the table longer.
create trigger tickets_values_due_on before insert or update of due_on
    on tickets for each row when (new.due_on is not null) execute function check_ticket_values();

-- Times in which a ticket was in a milestone. A wider check, which every existing row passes.
-- squawk-ignore ban-drop-constraint
alter table reporting_spans drop constraint reporting_spans_kind;
alter table reporting_spans add constraint reporting_spans_kind
    check (kind in ('column', 'assignee', 'blocked', 'done', 'milestone')) not valid;
