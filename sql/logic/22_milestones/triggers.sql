-- Triggers of milestones: history.
-- Lock order: the stream (held already by functions), milestone rows, then rows of tickets whose milestone is deleted.

-- BEFORE INSERT, by row: an id for a row typed in psql.
create function logic.milestone_before_insert() returns trigger language plpgsql as $$
begin
    new.id := coalesce(new.id, logic.new_id('milestone'));
    return new;
end
$$;

-- BEFORE UPDATE, by row: the time of the change. The identity of a milestone never changes.
create function logic.milestone_before_update() returns trigger language plpgsql as $$
begin
    if new.id <> old.id or new.workflow_id <> old.workflow_id then
        perform logic.fail('conflict', 'The id and workflow of a milestone never change.');
    end if;
    if new is distinct from old then
        new.updated_at := clock_timestamp();
    end if;
    return new;
end
$$;

-- AFTER INSERT, by statement.
create function logic.milestones_inserted() returns trigger language plpgsql as $$
begin
    perform logic.record_json_changes((
        select jsonb_agg(jsonb_build_object(
            'workflow_id', n.workflow_id, 'change_type', 'milestone_created', 'new_value', n.name,
            'description', format('Created the milestone %s.', n.name),
            'metadata', jsonb_build_object('milestone', logic.milestone_event_json(n))) order by n.id)
        from new_rows n));
    return null;
end
$$;

-- AFTER UPDATE, by statement: one event for each field that changed, with the whole milestone.
create function logic.milestones_updated() returns trigger language plpgsql as $$
begin
    perform logic.record_json_changes((
        select jsonb_agg(jsonb_build_object(
            'workflow_id', n.workflow_id, 'change_type', 'milestone_updated', 'field_name', v.field_name,
            'old_value', v.old_value, 'new_value', v.new_value, 'description', v.description,
            'metadata', jsonb_build_object('milestone', logic.milestone_event_json(n))) order by n.id, v.field_name)
        from new_rows n
        join old_rows o using (id)
        cross join lateral (values
            ('name', o.name, n.name, format('Renamed the milestone %s to %s.', o.name, n.name)),
            ('description', o.description, n.description, format('Changed the description of the milestone %s.', n.name)),
            ('starts_on', o.starts_on::text, n.starts_on::text, format('The milestone %s %s.', n.name, coalesce('starts on ' || n.starts_on, 'has no start day'))),
            ('due_on', o.due_on::text, n.due_on::text, format('The milestone %s %s.', n.name, coalesce('is due on ' || n.due_on, 'has no due day'))),
            ('closed_at', o.closed_at::text, n.closed_at::text, format('%s the milestone %s.', case when n.closed_at is null then 'Reopened' else 'Closed' end, n.name))
        ) v (field_name, old_value, new_value, description)
        where v.old_value is distinct from v.new_value));
    return null;
end
$$;

-- AFTER DELETE, by statement. If it still had tickets, the foreign key takes them out of it afterwards, with events of their own.
create function logic.milestones_deleted() returns trigger language plpgsql as $$
begin
    perform logic.record_json_changes((
        select jsonb_agg(jsonb_build_object(
            'workflow_id', o.workflow_id, 'change_type', 'milestone_deleted', 'old_value', o.name,
            'description', format('Deleted the milestone %s.', o.name),
            'metadata', jsonb_build_object('milestone', logic.milestone_event_json(o))) order by o.id)
        from old_rows o));
    return null;
end
$$;

create trigger milestone_before_insert before insert on milestones for each row execute function logic.milestone_before_insert();
create trigger milestone_before_update before update on milestones for each row execute function logic.milestone_before_update();
create trigger milestones_inserted after insert on milestones
    referencing new table as new_rows for each statement when (coalesce(current_setting('callboard.archive', true), '') <> 'on')
    execute function logic.milestones_inserted();
create trigger milestones_updated after update on milestones
    referencing old table as old_rows new table as new_rows for each statement execute function logic.milestones_updated();
create trigger milestones_deleted after delete on milestones
    referencing old table as old_rows for each statement execute function logic.milestones_deleted();
