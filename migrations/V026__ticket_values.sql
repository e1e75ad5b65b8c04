-- The values of a ticket's fields, checked by a trigger where one of them is written. Postgres reads the text of every check
-- constraint of a table again in each statement that updates it, whatever the statement sets: the nine of `tickets` took a
-- seventh of the time of a status change, as much as a bare update. The trigger is part of the table, as the constraints
-- were, and reports a broken rule under the same name and SQLSTATE.

-- squawk-ignore-file ban-drop-constraint

create function check_ticket_values() returns trigger language plpgsql as $$
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
    end;
begin
    if broken is not null then
        raise exception 'new row for relation "tickets" violates check constraint "%"', broken
            using errcode = 'check_violation', schema = tg_table_schema, table = tg_table_name, constraint = broken;
    end if;
    return new;
end
$$;

-- Named to run after the triggers that fill in missing values.
create trigger tickets_values before insert or update of title, description, priority, story_points, estimate_minutes,
    spent_minutes, approval_status, merged_into_ticket_id, custom_fields
    on tickets for each row execute function check_ticket_values();

alter table tickets
    drop constraint tickets_title_length,
    drop constraint tickets_description_length,
    drop constraint tickets_priority,
    drop constraint tickets_story_points,
    drop constraint tickets_estimate,
    drop constraint tickets_spent,
    drop constraint tickets_approval_status,
    drop constraint tickets_merged_into_another,
    drop constraint tickets_custom_fields_is_object;
