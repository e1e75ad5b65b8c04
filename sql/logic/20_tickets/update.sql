-- Changing a ticket's fields.

-- Rejects names in `updates` that are not fields a client may change.
create function logic.check_update_names(updates jsonb) returns void language plpgsql immutable as $$
declare
    allowed constant text[] := '{title,description,priority,assigned_agent_id,ticket_type,tags,blocked_by_ticket_ids,parent_ticket_id,related_ticket_ids,related_task_ids,story_points,estimate_minutes,spent_minutes,due_on,milestone_id}';
    unknown constant text := (select string_agg(k, ', ') from jsonb_object_keys(updates) k where not k = any (allowed));
begin
    if unknown is not null then
        perform logic.fail_invalid('updates', format('must not name %s; the fields that can change are %s', unknown, array_to_string(allowed, ', ')));
    end if;
end
$$;

-- The ticket with new text, type and assignee, after checking them.
create function logic.with_updated_text(who logic.principal, ticket tickets, updates jsonb) returns tickets language plpgsql as $$
declare
    changed tickets := ticket;
begin
    changed.title := logic.trim_whitespace(coalesce(updates ->> 'title', ticket.title));
    changed.description := coalesce(updates ->> 'description', ticket.description);
    changed.priority := coalesce(updates ->> 'priority', ticket.priority);
    changed.ticket_type := coalesce(updates ->> 'ticket_type', ticket.ticket_type);
    if changed.title <> ticket.title then
        perform logic.check_title(changed.title);
    end if;
    if changed.description <> ticket.description then
        if not logic.is_blank(changed.description) then
            perform logic.check_min_length('description', changed.description, 10, ', or be empty');
        elsif (select b.require_description from boards b where b.workflow_id = ticket.workflow_id) then
            perform logic.fail_invalid('description', 'must have at least 10 characters: this board requires one');
        end if;
    end if;
    if changed.ticket_type <> ticket.ticket_type then
        changed.ticket_type := logic.find_ticket_type((select b.ticket_types from boards b where b.workflow_id = ticket.workflow_id), changed.ticket_type);
        perform logic.check_ticket_type(ticket.workflow_id, changed.ticket_type);
    end if;
    if updates ? 'assigned_agent_id' then
        changed.assigned_agent_id := nullif(updates ->> 'assigned_agent_id', '');
        if changed.assigned_agent_id is distinct from ticket.assigned_agent_id and changed.assigned_agent_id is not null then
            changed.assigned_agent_id := logic.ensure_assignee(who, ticket.workflow_id, changed.assigned_agent_id);
        end if;
    end if;
    return changed;
end
$$;

-- The ticket with new lists, relations and numbers, after checking them.
create function logic.with_updated_relations(ticket tickets, updates jsonb) returns tickets language plpgsql as $$
declare
    old_parent constant text := ticket.parent_ticket_id;
begin
    if jsonb_typeof(updates -> 'tags') = 'array' then
        ticket.tags := logic.normalize_list(logic.json_text_array(updates -> 'tags'));
        perform logic.check_list_limits('tags', ticket.tags, 50, 100);
    end if;
    if jsonb_typeof(updates -> 'related_task_ids') = 'array' then
        ticket.related_task_ids := logic.normalize_list(logic.json_text_array(updates -> 'related_task_ids'));
        perform logic.check_list_limits('related_task_ids', ticket.related_task_ids, 200, 200);
    end if;
    if jsonb_typeof(updates -> 'related_ticket_ids') = 'array' then
        perform logic.check_list_limits('related_ticket_ids', logic.json_text_array(updates -> 'related_ticket_ids'), 200, 200);
        ticket.related_ticket_ids := logic.resolve_ticket_ids(ticket.workflow_id, 'related_ticket_ids',
            logic.json_text_array(updates -> 'related_ticket_ids'), kept => ticket.related_ticket_ids);
    end if;
    if updates ? 'parent_ticket_id' then
        ticket.parent_ticket_id := (logic.resolve_ticket_ids(ticket.workflow_id, 'parent_ticket_id',
            array[updates ->> 'parent_ticket_id'], kept => array[old_parent]))[1];
        if ticket.parent_ticket_id is distinct from old_parent then
            perform logic.check_ticket_parent(ticket.id, ticket.parent_ticket_id);
        end if;
    end if;
    if updates ? 'story_points' then
        ticket.story_points := (updates ->> 'story_points')::double precision;
    end if;
    if updates ? 'estimate_minutes' then
        ticket.estimate_minutes := (updates ->> 'estimate_minutes')::bigint;
    end if;
    ticket.spent_minutes := coalesce((updates ->> 'spent_minutes')::bigint, ticket.spent_minutes);
    return ticket;
end
$$;

-- The ticket with a new due date and milestone, after checking them. A milestone is given by id or name; null and an empty text
-- take the ticket out of it.
create function logic.with_updated_plan(ticket tickets, updates jsonb) returns tickets language plpgsql stable as $$
begin
    if updates ? 'due_on' then
        ticket.due_on := logic.parse_day('due_on', updates ->> 'due_on');
    end if;
    if updates ? 'milestone_id' then
        ticket.milestone_id := logic.resolve_milestone(ticket.workflow_id, updates ->> 'milestone_id', kept => ticket.milestone_id);
    end if;
    return ticket;
end
$$;

-- POST /api/tickets/update. `updates` maps field names to values; null clears a field that can be empty and
-- leaves the others. Status changes go through logic.change_status.
create function logic.update_ticket(
    caller text, ticket text, updates jsonb, update_comment text default null, version bigint default null
) returns jsonb language plpgsql as $$
declare
    access constant logic.ticket_access := logic.authorize_ticket(caller, ticket, 'member');
    tid constant text := access.ticket_id;
    old_row tickets;
    new_row tickets;
    changed text[];
begin
    perform logic.check_update_names(updates);
    old_row := logic.lock_ticket(tid);
    perform logic.require_open_workflow(old_row.workflow_id);
    perform logic.check_ticket_version(old_row, version);
    new_row := logic.with_updated_relations(logic.with_updated_text(access.who, old_row, updates), updates);
    if updates ?| '{due_on,milestone_id}' then
        new_row := logic.with_updated_plan(new_row, updates);
    end if;
    if new_row is distinct from old_row then
        update tickets t set
            title = new_row.title, description = new_row.description, priority = new_row.priority, ticket_type = new_row.ticket_type,
            assigned_agent_id = new_row.assigned_agent_id, tags = new_row.tags, parent_ticket_id = new_row.parent_ticket_id,
            related_ticket_ids = new_row.related_ticket_ids, related_task_ids = new_row.related_task_ids,
            story_points = new_row.story_points, estimate_minutes = new_row.estimate_minutes, spent_minutes = new_row.spent_minutes,
            due_on = new_row.due_on, milestone_id = new_row.milestone_id
         where t.id = tid;
    end if;
    changed := array(
        select k from jsonb_object_keys(updates) k
         where to_jsonb(new_row) -> k is distinct from to_jsonb(old_row) -> k and k <> 'blocked_by_ticket_ids' order by k);
    if jsonb_typeof(updates -> 'blocked_by_ticket_ids') = 'array' then
        if logic.replace_blockers(tid, old_row.workflow_id, logic.json_text_array(updates -> 'blocked_by_ticket_ids')) then
            changed := changed || array['blocked_by_ticket_ids'];
        end if;
    end if;
    if not logic.is_blank(update_comment) then
        perform logic.insert_comment(access.who, tid, old_row.workflow_id, update_comment, 'general', field => 'update_comment');
    end if;
    return jsonb_build_object('success', true, 'ticket_id', tid, 'fields_updated', changed,
        'version', (select t.version from tickets t where t.id = tid),
        'message', case when cardinality(changed) = 0 then 'Nothing changed.' else format('Updated %s.', array_to_string(changed, ', ')) end,
        'embedding_updated', false);
end
$$;
