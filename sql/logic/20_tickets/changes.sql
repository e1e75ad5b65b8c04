-- History rows of tickets: what an insert or an update of one row means as events.

-- A change of a ticket; `patch` maps card fields to their new values, `extra` is further event data.
create function logic.ticket_change(
    ticket tickets, change_type text, field_name text, old_value text, new_value text, description text, patch jsonb, extra jsonb default '{}'
) returns logic.change language plpgsql immutable as $$
begin
    return (ticket.workflow_id, ticket.id, change_type, field_name, old_value, new_value, description,
        jsonb_build_object('changes', patch || jsonb_build_object('version', ticket.version, 'updated_at', ticket.updated_at)) || extra, null, null)::logic.change;
end
$$;

-- The common case of it: one field has a new value.
create function logic.ticket_field_change(ticket tickets, field_name text, old_value text, new_value text, shown jsonb, description text)
returns logic.change language plpgsql immutable as $$
begin
    return logic.ticket_change(ticket, 'field_updated', field_name, old_value, new_value, description,
        jsonb_build_object(field_name, shown));
end
$$;

-- A move to another column, without reported data. One plain expression, so that queries and functions contain it instead of
-- calling it; in the collation of logic.change, else a query makes the whole change for each of its fields.
create function logic.ticket_moved_change(o tickets, n tickets) returns logic.change language sql stable
begin atomic
    select (n.workflow_id collate "default", n.id collate "default", 'status_changed', 'status',
        o.status collate "default", n.status collate "default", 'Moved from ' || (o.status || ' to ' || n.status || '.') collate "default",
        jsonb_build_object('changes', jsonb_build_object('status', n.status, 'rank', n.rank, 'started_at', n.started_at,
            'completed_at', n.completed_at, 'version', n.version, 'updated_at', n.updated_at)),
        null, null)::logic.change;
end;

-- A new ticket, with its whole card, its description and its custom fields.
create function logic.ticket_created_change(ticket tickets, card jsonb) returns logic.change language sql immutable
begin atomic
    select (ticket.workflow_id, ticket.id, 'created', null, null, ticket.title, 'Created TKT-' || ticket.number || '.',
        jsonb_build_object('ticket', card || jsonb_build_object('description', ticket.description)
            || case when ticket.custom_fields is null then '{}' else jsonb_build_object('custom_fields', ticket.custom_fields) end), null, null)::logic.change;
end;

-- A ticket is back on its board, restored or unmerged: the event carries the whole card, because boards have
-- dropped it. After an unmerge its original gets an event too.
create function logic.ticket_restored_changes(o tickets, n tickets) returns logic.change[] language plpgsql as $$
declare
    original tickets;
    card jsonb;
begin
    perform logic.lock_workflow_streams(array[n.workflow_id]);
    card := (select to_jsonb(c) from logic.cards c where c.ticket_id = n.id);
    if o.merged_into_ticket_id is null then
        return array[logic.ticket_change(n, 'restored', 'deleted_at', null, null, 'Restored.', '{}', jsonb_build_object('ticket', card))];
    end if;
    select * into original from tickets t where t.id = o.merged_into_ticket_id;
    return array[
        logic.ticket_change(n, 'ticket_unmerged', 'merged_into_ticket_id', original.id, null,
            format('No longer merged into TKT-%s.', original.number), jsonb_build_object('merged_into_ticket_id', null),
            jsonb_build_object('ticket', card, 'original', logic.ticket_reference_json(original.id))),
        -- The original's own row is unchanged.
        (n.workflow_id, original.id, 'ticket_unmerged', null, n.id, null, format('TKT-%s is no longer merged into this.', n.number),
            jsonb_build_object('changes', '{}'::jsonb, 'duplicate', logic.ticket_reference_json(n.id)), null, null)::logic.change];
end
$$;

-- A ticket left its board, deleted or merged; after a merge its original gets an event too. For a ticket that
-- was off its board already, only the reason changed.
create function logic.ticket_removed_changes(o tickets, n tickets) returns logic.change[] language plpgsql as $$
declare
    original tickets;
begin
    if o.merged_into_ticket_id is distinct from n.merged_into_ticket_id and n.merged_into_ticket_id is not null then
        select * into original from tickets t where t.id = n.merged_into_ticket_id;
        return array[
            logic.ticket_change(n, 'ticket_merged', 'merged_into_ticket_id', o.merged_into_ticket_id, original.id,
                format('Merged into TKT-%s.', original.number), jsonb_build_object('merged_into_ticket_id', original.id),
                jsonb_build_object('original', logic.ticket_reference_json(original.id))),
            (n.workflow_id, original.id, 'ticket_merged', null, null, n.id, format('TKT-%s was merged into this.', n.number),
                jsonb_build_object('changes', '{}'::jsonb, 'duplicate', logic.ticket_reference_json(n.id)), null, null)::logic.change];
    end if;
    return array[case when n.deleted_at is null
        then logic.ticket_change(n, 'field_updated', 'deleted_at', null, null, 'Restored.', '{}')
        when current_setting('callboard.archiving', true) = 'on'
        then logic.ticket_change(n, 'deleted', 'deleted_at', null, null, 'Archived.', '{}', '{"archived": true}')
        else logic.ticket_change(n, 'deleted', 'deleted_at', null, null, 'Deleted.', '{}') end];
end
$$;

-- Where a ticket is and whose it is: return to the board, column or rank, assignee.
create function logic.ticket_position_changes(o tickets, n tickets) returns logic.change[] language plpgsql as $$
declare
    moved logic.change;
    changes logic.change[] := '{}';
begin
    if logic.is_live(n) and not logic.is_live(o) then
        changes := changes || logic.ticket_restored_changes(o, n);
    end if;
    if o.status <> n.status and logic.renames_columns() and logic.is_column_rename(n.workflow_id, o.status, n.status) then
        -- The ticket has not moved: clients only need the new name.
        changes := changes || logic.ticket_change(n, 'column_renamed', 'status', o.status, n.status,
            'The column ' || o.status || ' is called ' || n.status || ' now.', jsonb_build_object('status', n.status));
    elsif o.status <> n.status then
        moved := logic.ticket_moved_change(o, n);
        moved.metadata := moved.metadata || logic.reported_event_data();
        changes := changes || moved;
    elsif o.rank <> n.rank then
        changes := changes || logic.ticket_field_change(n, 'rank', o.rank, n.rank, to_jsonb(n.rank), 'Reordered.');
    end if;
    if o.assigned_agent_id is distinct from n.assigned_agent_id then
        changes := changes || logic.ticket_change(n, 'assigned', 'assigned_agent_id', o.assigned_agent_id, n.assigned_agent_id,
            coalesce('Assigned to ' || n.assigned_agent_id || '.', 'Unassigned.'),
            jsonb_build_object('assigned_agent_id', n.assigned_agent_id), logic.reported_event_data());
    end if;
    return changes;
end
$$;

-- Title, description, priority, type and tags.
create function logic.ticket_text_changes(o tickets, n tickets) returns logic.change[] language plpgsql immutable as $$
declare
    changes logic.change[] := '{}';
begin
    if o.title <> n.title then
        changes := changes || logic.ticket_field_change(n, 'title', o.title, n.title, to_jsonb(n.title), 'Changed the title.');
    end if;
    if o.description <> n.description then
        changes := changes || logic.ticket_field_change(n, 'description', o.description, n.description, to_jsonb(n.description), 'Changed the description.');
    end if;
    if o.priority <> n.priority then
        changes := changes || logic.ticket_field_change(n, 'priority', o.priority, n.priority, to_jsonb(n.priority),
            'Changed the priority from ' || o.priority || ' to ' || n.priority || '.');
    end if;
    if o.ticket_type <> n.ticket_type then
        changes := changes || logic.ticket_field_change(n, 'ticket_type', o.ticket_type, n.ticket_type, to_jsonb(n.ticket_type),
            'Changed the type from ' || o.ticket_type || ' to ' || n.ticket_type || '.');
    end if;
    if o.tags <> n.tags then
        changes := changes || logic.ticket_field_change(n, 'tags', to_jsonb(o.tags)::text, to_jsonb(n.tags)::text, to_jsonb(n.tags), 'Changed the tags.');
    end if;
    return changes;
end
$$;

-- Parent, related tickets and tasks, story points, estimate and time spent.
create function logic.ticket_relation_changes(o tickets, n tickets) returns logic.change[] language plpgsql immutable as $$
declare
    changes logic.change[] := '{}';
begin
    if o.parent_ticket_id is distinct from n.parent_ticket_id then
        changes := changes || logic.ticket_field_change(n, 'parent_ticket_id', o.parent_ticket_id, n.parent_ticket_id,
            to_jsonb(n.parent_ticket_id), 'Changed the parent ticket.');
    end if;
    if o.related_ticket_ids <> n.related_ticket_ids then
        changes := changes || logic.ticket_field_change(n, 'related_ticket_ids', to_jsonb(o.related_ticket_ids)::text,
            to_jsonb(n.related_ticket_ids)::text, to_jsonb(n.related_ticket_ids), 'Changed the related tickets.');
    end if;
    if o.related_task_ids <> n.related_task_ids then
        changes := changes || logic.ticket_field_change(n, 'related_task_ids', to_jsonb(o.related_task_ids)::text,
            to_jsonb(n.related_task_ids)::text, to_jsonb(n.related_task_ids), 'Changed the related tasks.');
    end if;
    if o.story_points is distinct from n.story_points then
        changes := changes || logic.ticket_field_change(n, 'story_points', o.story_points::text, n.story_points::text,
            to_jsonb(n.story_points), 'Changed the story points.');
    end if;
    if o.estimate_minutes is distinct from n.estimate_minutes then
        changes := changes || logic.ticket_field_change(n, 'estimate_minutes', o.estimate_minutes::text, n.estimate_minutes::text,
            to_jsonb(n.estimate_minutes), 'Changed the estimate.');
    end if;
    if o.spent_minutes <> n.spent_minutes then
        changes := changes || logic.ticket_field_change(n, 'spent_minutes', o.spent_minutes::text, n.spent_minutes::text,
            to_jsonb(n.spent_minutes), 'Changed the time spent.');
    end if;
    return changes;
end
$$;

-- Due date and milestone. Called only where one of them differs.
create function logic.ticket_plan_changes(o tickets, n tickets) returns logic.change[] language plpgsql stable as $$
declare
    changes logic.change[] := '{}';
begin
    if o.due_on is distinct from n.due_on then
        changes := changes || logic.ticket_field_change(n, 'due_on', o.due_on::text, n.due_on::text, to_jsonb(n.due_on),
            coalesce('Due on ' || n.due_on || '.', 'No longer due on a day.'));
    end if;
    if o.milestone_id is distinct from n.milestone_id then
        changes := changes || logic.ticket_field_change(n, 'milestone_id', o.milestone_id, n.milestone_id, to_jsonb(n.milestone_id),
            coalesce('Added to the milestone ' || (select m.name from milestones m where m.id = n.milestone_id) || '.',
                     'Taken out of the milestone ' || (select m.name from milestones m where m.id = o.milestone_id) || '.',
                     -- It was deleted in psql.
                     'Taken out of its milestone.'));
    end if;
    return changes;
end
$$;

-- One change for each custom field that differs.
create function logic.ticket_custom_field_changes(o tickets, n tickets) returns logic.change[] language sql immutable
begin atomic
    select coalesce(array_agg(logic.ticket_change(n, 'field_updated', name, o.custom_fields ->> name, n.custom_fields ->> name,
               'Changed ' || name || '.', jsonb_build_object('custom_fields', coalesce(n.custom_fields, '{}'))) order by name), '{}')
      from (select jsonb_object_keys(coalesce(o.custom_fields, '{}') || coalesce(n.custom_fields, '{}')) as name) names
     where o.custom_fields -> name is distinct from n.custom_fields -> name;
end;

-- Review, resolution, removal from the board, and corrected times.
create function logic.ticket_state_changes(o tickets, n tickets) returns logic.change[] language plpgsql as $$
declare
    changes logic.change[] := '{}';
begin
    if o.approval_status is distinct from n.approval_status then
        changes := changes || logic.ticket_field_change(n, 'approval_status', o.approval_status, n.approval_status, to_jsonb(n.approval_status),
            case n.approval_status when 'pending_review' then 'Review pending.' when 'approved' then 'Approved.'
                when 'rejected' then 'Rejected.' else 'No review pending.' end);
    end if;
    if o.is_resolved <> n.is_resolved then
        changes := changes || logic.ticket_change(n, case when n.is_resolved then 'resolved' else 'reopened' end, 'is_resolved',
            o.is_resolved::text, n.is_resolved::text, case when n.is_resolved then 'Resolved.' else 'Reopened.' end,
            jsonb_build_object('is_resolved', n.is_resolved, 'completed_at', n.completed_at));
    end if;
    if (o.deleted_at is null, o.merged_into_ticket_id) is distinct from (n.deleted_at is null, n.merged_into_ticket_id)
       and not logic.is_live(n) then
        changes := changes || logic.ticket_removed_changes(o, n);
    end if;
    if n.version <> o.version and o.status = n.status and o.is_resolved = n.is_resolved
       and (o.started_at, o.completed_at, o.created_at, o.created_by_agent_id)
           is distinct from (n.started_at, n.completed_at, n.created_at, n.created_by_agent_id) then
        -- Only an UPDATE typed in psql changes these alone.
        changes := changes || logic.ticket_change(n, 'field_updated', 'times', null, null, 'Corrected its origin or times.',
            jsonb_build_object('started_at', n.started_at, 'completed_at', n.completed_at,
                'created_at', n.created_at, 'created_by_agent_id', n.created_by_agent_id));
    end if;
    return changes;
end
$$;

-- What an update of a ticket means beyond history: whether search must read its text again (`reworded`) or
-- forget it (`gone`), whether it changed its column (`moved`), whether saved searches may match differently
-- (`touched`), whether it stopped or began to be open, on which what it blocks depends (`closed`, `opened`), whether it was
-- resolved just now, and whether its assignee changed.
create type logic.ticket_effect as (
    reworded boolean, gone boolean, moved boolean, touched boolean, closed boolean, opened boolean, resolved boolean, reassigned boolean
);

-- Compares two versions of a ticket for these effects.
create function logic.ticket_update_effect(o tickets, n tickets) returns logic.ticket_effect language plpgsql stable as $$
declare
    was_live constant boolean := logic.is_live(o);
    live constant boolean := logic.is_live(n);
    effect logic.ticket_effect;
begin
    effect.reworded := live and (not was_live or (o.title, o.description, o.tags) is distinct from (n.title, n.description, n.tags));
    effect.gone := was_live and not live;
    effect.moved := o.status <> n.status and not logic.is_column_rename(n.workflow_id, o.status, n.status);
    effect.closed := logic.is_open(o) and not logic.is_open(n);
    effect.opened := logic.is_open(n) and not logic.is_open(o);
    effect.resolved := n.deleted_at is null and n.is_resolved and not o.is_resolved;
    effect.reassigned := o.assigned_agent_id is distinct from n.assigned_agent_id;
    -- The fields that filters and texts of a saved search read.
    effect.touched := (o.status, o.priority, o.ticket_type, o.assigned_agent_id, o.is_resolved, o.created_at, o.tags, o.title, o.description, o.due_on,
                       o.milestone_id, was_live)
        is distinct from (n.status, n.priority, n.ticket_type, n.assigned_agent_id, n.is_resolved, n.created_at, n.tags, n.title, n.description, n.due_on,
                          n.milestone_id, live);
    return effect;
end
$$;
