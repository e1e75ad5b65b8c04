-- Changing a ticket's fields.

-- POST /api/tickets/update. `updates` maps field names to values; null clears a field that can be empty
-- and leaves the others. Status changes go through change_status.
create function logic.update_ticket(
    caller text, ticket text, updates jsonb, update_comment text default null, version bigint default null
) returns jsonb language plpgsql as $$
declare
    tid text := logic.authorize_ticket(caller, ticket, 'member');
    who logic.principal := logic.identify_caller(caller);
    old_row tickets;
    new_row tickets;
    old_blockers text[];
    new_blockers text[];
    changed text[];
    allowed constant text[] := '{title,description,priority,assigned_agent_id,ticket_type,tags,blocked_by_ticket_ids,parent_ticket_id,related_ticket_ids,related_task_ids,story_points,estimate_minutes,spent_minutes}';
    unknown text := (select string_agg(k, ', ') from jsonb_object_keys(updates) k where not k = any (allowed));
begin
    if unknown is not null then
        perform logic.fail_invalid('updates', format('must not name %s; the fields that can change are %s', unknown, array_to_string(allowed, ', ')));
    end if;
    old_row := logic.lock_ticket(tid);
    perform logic.require_open_workflow(old_row.workflow_id);
    perform logic.check_ticket_version(old_row, version);
    new_row := old_row;
    new_row.title := logic.trim_whitespace(coalesce(updates ->> 'title', old_row.title));
    new_row.description := coalesce(updates ->> 'description', old_row.description);
    new_row.priority := coalesce(updates ->> 'priority', old_row.priority);
    new_row.ticket_type := coalesce(updates ->> 'ticket_type', old_row.ticket_type);
    if char_length(new_row.title) not between 3 and 500 then
        perform logic.fail_invalid('title', 'must have 3 to 500 characters');
    end if;
    if new_row.description <> old_row.description and char_length(logic.trim_whitespace(new_row.description)) < 10 then
        perform logic.fail_invalid('description', 'must have at least 10 characters');
    end if;
    if new_row.ticket_type <> old_row.ticket_type then
        perform logic.check_ticket_type(old_row.workflow_id, new_row.ticket_type);
    end if;
    if updates ? 'assigned_agent_id' then
        new_row.assigned_agent_id := nullif(updates ->> 'assigned_agent_id', '');
        if new_row.assigned_agent_id is distinct from old_row.assigned_agent_id and new_row.assigned_agent_id is not null then
            perform logic.ensure_assignee(who, old_row.workflow_id, new_row.assigned_agent_id);
        end if;
    end if;
    if jsonb_typeof(updates -> 'tags') = 'array' then
        new_row.tags := logic.normalize_list(array(select jsonb_array_elements_text(updates -> 'tags')));
        perform logic.check_list_limits('tags', new_row.tags, 50, 100);
    end if;
    if jsonb_typeof(updates -> 'related_task_ids') = 'array' then
        new_row.related_task_ids := logic.normalize_list(array(select jsonb_array_elements_text(updates -> 'related_task_ids')));
        perform logic.check_list_limits('related_task_ids', new_row.related_task_ids, 200, 200);
    end if;
    if jsonb_typeof(updates -> 'related_ticket_ids') = 'array' then
        new_row.related_ticket_ids := array(select jsonb_array_elements_text(updates -> 'related_ticket_ids'));
        perform logic.check_list_limits('related_ticket_ids', new_row.related_ticket_ids, 200, 200);
        new_row.related_ticket_ids := logic.resolve_ticket_ids(old_row.workflow_id, 'related_ticket_ids', new_row.related_ticket_ids);
    end if;
    if updates ? 'parent_ticket_id' then
        new_row.parent_ticket_id := (logic.resolve_ticket_ids(old_row.workflow_id, 'parent_ticket_id', array[updates ->> 'parent_ticket_id']))[1];
        perform logic.check_ticket_parent(tid, new_row.parent_ticket_id);
    end if;
    if updates ? 'story_points' then
        new_row.story_points := (updates ->> 'story_points')::double precision;
    end if;
    if updates ? 'estimate_minutes' then
        new_row.estimate_minutes := (updates ->> 'estimate_minutes')::bigint;
    end if;
    new_row.spent_minutes := coalesce((updates ->> 'spent_minutes')::bigint, old_row.spent_minutes);

    if new_row is distinct from old_row then
        update tickets t set
            title = new_row.title, description = new_row.description, priority = new_row.priority, ticket_type = new_row.ticket_type,
            assigned_agent_id = new_row.assigned_agent_id, tags = new_row.tags, parent_ticket_id = new_row.parent_ticket_id,
            related_ticket_ids = new_row.related_ticket_ids, related_task_ids = new_row.related_task_ids,
            story_points = new_row.story_points, estimate_minutes = new_row.estimate_minutes, spent_minutes = new_row.spent_minutes
         where t.id = tid;
    end if;
    changed := array(
        select k from jsonb_object_keys(updates) k
         where to_jsonb(new_row) -> k is distinct from to_jsonb(old_row) -> k and k <> 'blocked_by_ticket_ids' order by k);
    if jsonb_typeof(updates -> 'blocked_by_ticket_ids') = 'array' then
        if logic.replace_blockers(tid, old_row.workflow_id, array(select jsonb_array_elements_text(updates -> 'blocked_by_ticket_ids'))) then
            changed := changed || array['blocked_by_ticket_ids'];
        end if;
    end if;
    if nullif(logic.trim_whitespace(update_comment), '') is not null then
        perform logic.insert_comment(who, tid, old_row.workflow_id, update_comment, 'general', field => 'update_comment');
    end if;
    return jsonb_build_object('success', true, 'ticket_id', tid, 'fields_updated', changed,
        'version', (select t.version from tickets t where t.id = tid),
        'message', case when cardinality(changed) = 0 then 'Nothing changed.' else format('Updated %s.', array_to_string(changed, ', ')) end,
        'embedding_updated', false);
end
$$;
