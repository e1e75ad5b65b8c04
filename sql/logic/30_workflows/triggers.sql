-- Triggers of workflows and boards: a workflow gets its stream and ticket counter when it is created, and
-- changes of the board are events.
-- Lock order: workflow row, board row, then the stream.

-- A workflow as events show it.
create function logic.workflow_event_json(workflow workflows) returns jsonb language sql immutable
begin atomic
    select jsonb_build_object('id', workflow.id, 'name', workflow.name, 'description', workflow.description,
        'ticket_tracking', workflow.ticket_tracking, 'time_zone', workflow.time_zone, 'archived_at', workflow.archived_at);
end;

-- AFTER INSERT, by statement: the stream, the ticket counter, and the time of the first look for findings.
create function logic.workflows_inserted() returns trigger language plpgsql as $$
begin
    insert into streams (stream_id, workflow_id) select 'workflow:' || n.id, n.id from new_rows n;
    insert into ticket_counters (workflow_id) select n.id from new_rows n;
    insert into finding_checks (stream_id) select 'workflow:' || n.id from new_rows n;
    return null;
end
$$;

-- AFTER UPDATE, by statement: one event for each field that changed.
create function logic.workflows_updated() returns trigger language plpgsql as $$
begin
    perform logic.record_json_changes((
        select jsonb_agg(jsonb_build_object(
            'workflow_id', n.id, 'change_type', 'workflow_updated', 'field_name', v.field_name,
            'old_value', v.old_value, 'new_value', v.new_value, 'description', format('Changed the workflow''s %s.', v.field_name),
            'metadata', jsonb_build_object('workflow', logic.workflow_event_json(n))) order by n.id, v.field_name)
        from new_rows n
        join old_rows o using (id)
        cross join lateral (values
            ('name', o.name, n.name),
            ('description', o.description, n.description),
            ('ticket_tracking', o.ticket_tracking::text, n.ticket_tracking::text),
            ('provision_agents', o.provision_agents::text, n.provision_agents::text),
            ('time_zone', o.time_zone, n.time_zone),
            ('archived_at', o.archived_at::text, n.archived_at::text),
            ('repository_path', o.repository_path, n.repository_path)
        ) v (field_name, old_value, new_value)
        where v.old_value is distinct from v.new_value));
    return null;
end
$$;

-- AFTER UPDATE, by statement: one board_updated for each board whose row was touched, with its new configuration.
create function logic.boards_updated() returns trigger language plpgsql as $$
begin
    perform logic.record_json_changes((
        select jsonb_agg(jsonb_build_object(
            'workflow_id', n.workflow_id, 'change_type', 'board_updated', 'description', 'Changed the board.',
            'metadata', jsonb_build_object('board_config', logic.board_config(n.workflow_id))) order by n.workflow_id)
        from new_rows n));
    return null;
end
$$;

-- AFTER a change of columns or transitions, by statement: touches the board, so that clients get the new configuration.
-- Functions that change many rows set callboard.board_change to 'quiet' and touch the board once themselves.
create function logic.board_part_changed() returns trigger language plpgsql as $$
begin
    if coalesce(current_setting('callboard.board_change', true), '') <> 'quiet' then
        update boards b set updated_at = clock_timestamp()
         where b.workflow_id in (select c.workflow_id from changed_rows c);
    end if;
    return null;
end
$$;

create trigger workflows_inserted after insert on workflows
    referencing new table as new_rows for each statement when (coalesce(current_setting('callboard.archive', true), '') <> 'on')
    execute function logic.workflows_inserted();
create trigger workflows_updated after update on workflows
    referencing old table as old_rows new table as new_rows for each statement execute function logic.workflows_updated();
create trigger boards_updated after update on boards
    referencing new table as new_rows for each statement execute function logic.boards_updated();
create trigger column_before_update before update of id on board_columns for each row execute function logic.column_before_update();
create trigger columns_inserted after insert on board_columns
    referencing new table as changed_rows for each statement when (coalesce(current_setting('callboard.archive', true), '') <> 'on')
    execute function logic.board_part_changed();
create trigger columns_updated after update on board_columns
    referencing new table as changed_rows for each statement execute function logic.board_part_changed();
create trigger columns_deleted after delete on board_columns
    referencing old table as changed_rows for each statement execute function logic.board_part_changed();
create trigger transitions_inserted after insert on board_transitions
    referencing new table as changed_rows for each statement when (coalesce(current_setting('callboard.archive', true), '') <> 'on')
    execute function logic.board_part_changed();
create trigger transitions_deleted after delete on board_transitions
    referencing old table as changed_rows for each statement execute function logic.board_part_changed();
