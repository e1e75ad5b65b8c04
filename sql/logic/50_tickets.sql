-- Tickets: creating, updating, deleting.

-- Checks who may be assigned: an agent is provisioned (and then belongs to the caller, who may mint its
-- keys), a person has to be a member.
create function logic.check_assignee(who logic.principal, workflow text, assignee text) returns void language plpgsql as $$
begin
    if logic.is_person(assignee)
       and not exists (select from workflow_members m where m.workflow_id = check_assignee.workflow and m.actor_id = assignee)
       and not exists (select from actors a where a.id = assignee and a.is_admin) then
        perform logic.invalid('assigned_agent_id', 'must be an agent or a member of the workflow');
    end if;
    perform logic.ensure_agent(assignee, who.actor_id, 'assigned_agent_id');
end
$$;

-- Refuses tags and lists that are too long.
create function logic.check_list(field text, items text[], max_items int, max_length int) returns void language plpgsql immutable as $$
begin
    if cardinality(items) > max_items then
        perform logic.invalid(field, format('must have at most %s entries', max_items));
    end if;
    if exists (select from unnest(items) i where char_length(i) > max_length) then
        perform logic.invalid(field, format('must have entries of at most %s characters', max_length));
    end if;
end
$$;

-- Ticket ids from ids or keys (TKT-12), all in the workflow; refuses unknown ones, naming them.
create function logic.resolve_ids(workflow text, field text, given text[]) returns text[] language plpgsql stable as $$
declare
    ids text[];
    missing text;
begin
    select array_agg(t.id order by g.place), string_agg(g.item, ', ') filter (where t.id is null)
      into ids, missing
      from unnest(logic.tidy_list(given)) with ordinality g (item, place)
      left join tickets t on t.workflow_id = workflow and logic.is_live(t)
           and (t.id = g.item or t.number = case when g.item ~* '^tkt-[0-9]{1,15}$' then substr(g.item, 5)::bigint end);
    if missing is not null then
        perform logic.invalid(field, format('must name tickets of the same workflow; not found: %s', left(missing, 200)));
    end if;
    -- An id and a key may name the same ticket.
    return coalesce(logic.tidy_list(ids), '{}');
end
$$;

-- Checks a ticket type against the board.
create function logic.check_type(workflow text, ticket_type text) returns void language plpgsql stable as $$
declare
    allowed text[] := (select array_agg(x ->> 'id') from boards b, jsonb_array_elements(b.ticket_types) x where b.workflow_id = workflow);
begin
    if not (ticket_type = any (allowed)) then
        perform logic.invalid('ticket_type', format('must be one of %s', array_to_string(allowed, ', ')));
    end if;
end
$$;

-- A status that is no column of the board.
create function logic.fail_unknown_status(workflow text, status text, field text) returns void language plpgsql stable as $$
declare
    ids text := (select string_agg(c.id, ', ' order by c.position, c.id) from board_columns c where c.workflow_id = workflow);
begin
    perform logic.fail('CB002', format('There is no column %s on this board; the columns are %s.', status, ids),
        jsonb_build_object('field', field, 'rule', format('must be one of %s', ids)));
end
$$;

-- Holds the column against others who would fill it, where its limit is enforced, and answers what to
-- say if it is full: refuses under wip_policy refuse, else a warning, or null.
create function logic.check_wip(workflow text, status text, entering int default 1) returns text language plpgsql as $$
declare
    col board_columns;
    policy text := (select b.wip_policy from boards b where b.workflow_id = workflow);
    held bigint;
begin
    select * into col from board_columns c where c.workflow_id = workflow and c.id = status;
    if col.wip_limit is null then
        return null;
    end if;
    if policy = 'refuse' then
        perform 1 from board_columns c where c.workflow_id = workflow and c.id = status for no key update;
    end if;
    held := (select count(*) from tickets t where t.workflow_id = workflow and t.status = col.id and logic.is_live(t));
    if held + entering <= col.wip_limit then
        return null;
    end if;
    if policy = 'refuse' then
        perform logic.fail('CB003', format('The column %s is full: it holds %s of %s tickets.', col.name, held, col.wip_limit),
            jsonb_build_object('status', status, 'wip_limit', col.wip_limit, 'ticket_count', held));
    end if;
    return format('The column %s is over its limit: %s of %s tickets.', col.name, held + entering, col.wip_limit);
end
$$;

-- POST /api/tickets/create
create function logic.create_ticket(
    caller text, workflow text, title text, description text,
    ticket_type text default null, priority text default null, initial_status text default null,
    assigned_agent_id text default null, parent_ticket_id text default null,
    blocked_by_ticket_ids text[] default null, tags text[] default null,
    related_task_ids text[] default null, related_ticket_ids text[] default null,
    story_points double precision default null, estimate_minutes bigint default null,
    idempotency_key text default null
) returns jsonb language plpgsql as $$
declare
    who logic.principal := logic.authorize(caller, workflow, 'member');
    board boards;
    made tickets;
    parent text;
    blockers text[];
    warning text;
    answer jsonb;
begin
    answer := logic.replay(who, idempotency_key, jsonb_build_array('create_ticket', workflow, title, description, ticket_type,
        priority, initial_status, assigned_agent_id, parent_ticket_id, blocked_by_ticket_ids, tags, related_task_ids,
        related_ticket_ids, story_points, estimate_minutes, who.acting_for));
    if answer is not null then
        return answer;
    end if;
    perform logic.require_open(workflow);
    select * into board from boards b where b.workflow_id = workflow;
    title := logic.trimmed(title);
    if char_length(coalesce(title, '')) not between 3 and 500 then
        perform logic.invalid('title', 'must have 3 to 500 characters');
    end if;
    if char_length(logic.trimmed(coalesce(description, ''))) < 10 then
        perform logic.invalid('description', 'must have at least 10 characters');
    end if;
    if ticket_type is not null then
        perform logic.check_type(workflow, ticket_type);
    end if;
    tags := coalesce(logic.tidy_list(tags), '{}');
    perform logic.check_list('tags', tags, 50, 100);
    perform logic.check_list('related_task_ids', related_task_ids, 200, 200);
    perform logic.check_list('related_ticket_ids', related_ticket_ids, 200, 200);
    perform logic.check_list('blocked_by_ticket_ids', blocked_by_ticket_ids, 200, 200);
    if assigned_agent_id is not null then
        perform logic.check_assignee(who, workflow, assigned_agent_id);
    elsif board.auto_assign then
        assigned_agent_id := logic.acting(who);
    end if;
    parent := (logic.resolve_ids(workflow, 'parent_ticket_id', array[parent_ticket_id]))[1];
    blockers := logic.resolve_ids(workflow, 'blocked_by_ticket_ids', blocked_by_ticket_ids);
    -- A resolved ticket blocks nobody.
    blockers := array(select t.id from tickets t where t.id = any (blockers) and not t.is_resolved order by t.id);
    initial_status := coalesce(initial_status, board.initial_status);
    if not exists (select from board_columns c where c.workflow_id = workflow and c.id = initial_status) then
        perform logic.fail_unknown_status(workflow, initial_status, 'initial_status');
    end if;
    warning := logic.check_wip(workflow, initial_status);

    insert into tickets (workflow_id, title, description, ticket_type, priority, status, created_by_agent_id, assigned_agent_id,
                         parent_ticket_id, tags, related_task_ids, related_ticket_ids, story_points, estimate_minutes, approval_status)
    values (workflow, title, description, coalesce(ticket_type, board.default_ticket_type), coalesce(priority, 'medium'), initial_status,
            logic.acting(who), assigned_agent_id, parent, tags, coalesce(logic.tidy_list(related_task_ids), '{}'),
            logic.resolve_ids(workflow, 'related_ticket_ids', related_ticket_ids), story_points, estimate_minutes,
            case when board.human_review and not logic.is_person(logic.acting(who)) then 'pending_review' end)
    returning * into made;
    insert into ticket_blockers (ticket_id, blocked_by_ticket_id, workflow_id)
    select made.id, b, workflow from unnest(blockers) b;
    if made.approval_status = 'pending_review' then
        perform logic.park_review(who, made, required => true);
        warning := concat_ws(' ', warning, 'It waits for review.');
    end if;

    return logic.remember(who, idempotency_key, jsonb_build_object(
        'success', true, 'ticket_id', made.id, 'key', 'TKT-' || made.number, 'status', made.status, 'version', made.version,
        'message', concat_ws(' ', format('Created TKT-%s in %s.', made.number, made.status), warning),
        'embedding_created', false, 'similar_tickets', '[]'::jsonb));
end
$$;

-- POST /api/tickets/update. `updates` maps field names to values; null clears a field that can be empty
-- and leaves the others. Status changes go through change_status.
create function logic.update_ticket(
    caller text, ticket text, updates jsonb, update_comment text default null, version bigint default null
) returns jsonb language plpgsql as $$
declare
    tid text := logic.find_ticket(caller, ticket, 'member');
    who logic.principal := logic.identify(caller);
    old_row tickets;
    new_row tickets;
    old_blockers text[];
    new_blockers text[];
    changed text[];
    allowed constant text[] := '{title,description,priority,assigned_agent_id,ticket_type,tags,blocked_by_ticket_ids,parent_ticket_id,related_ticket_ids,related_task_ids,story_points,estimate_minutes,spent_minutes}';
    unknown text := (select string_agg(k, ', ') from jsonb_object_keys(updates) k where not k = any (allowed));
begin
    if unknown is not null then
        perform logic.invalid('updates', format('must not name %s; the fields that can change are %s', unknown, array_to_string(allowed, ', ')));
    end if;
    old_row := logic.lock_ticket(tid);
    perform logic.require_open(old_row.workflow_id);
    perform logic.check_version(old_row, version);
    new_row := old_row;
    new_row.title := logic.trimmed(coalesce(updates ->> 'title', old_row.title));
    new_row.description := coalesce(updates ->> 'description', old_row.description);
    new_row.priority := coalesce(updates ->> 'priority', old_row.priority);
    new_row.ticket_type := coalesce(updates ->> 'ticket_type', old_row.ticket_type);
    if char_length(new_row.title) not between 3 and 500 then
        perform logic.invalid('title', 'must have 3 to 500 characters');
    end if;
    if new_row.description <> old_row.description and char_length(logic.trimmed(new_row.description)) < 10 then
        perform logic.invalid('description', 'must have at least 10 characters');
    end if;
    if new_row.ticket_type <> old_row.ticket_type then
        perform logic.check_type(old_row.workflow_id, new_row.ticket_type);
    end if;
    if updates ? 'assigned_agent_id' then
        new_row.assigned_agent_id := nullif(updates ->> 'assigned_agent_id', '');
        if new_row.assigned_agent_id is distinct from old_row.assigned_agent_id and new_row.assigned_agent_id is not null then
            perform logic.check_assignee(who, old_row.workflow_id, new_row.assigned_agent_id);
        end if;
    end if;
    if jsonb_typeof(updates -> 'tags') = 'array' then
        new_row.tags := logic.tidy_list(array(select jsonb_array_elements_text(updates -> 'tags')));
        perform logic.check_list('tags', new_row.tags, 50, 100);
    end if;
    if jsonb_typeof(updates -> 'related_task_ids') = 'array' then
        new_row.related_task_ids := logic.tidy_list(array(select jsonb_array_elements_text(updates -> 'related_task_ids')));
        perform logic.check_list('related_task_ids', new_row.related_task_ids, 200, 200);
    end if;
    if jsonb_typeof(updates -> 'related_ticket_ids') = 'array' then
        new_row.related_ticket_ids := array(select jsonb_array_elements_text(updates -> 'related_ticket_ids'));
        perform logic.check_list('related_ticket_ids', new_row.related_ticket_ids, 200, 200);
        new_row.related_ticket_ids := logic.resolve_ids(old_row.workflow_id, 'related_ticket_ids', new_row.related_ticket_ids);
    end if;
    if updates ? 'parent_ticket_id' then
        new_row.parent_ticket_id := (logic.resolve_ids(old_row.workflow_id, 'parent_ticket_id', array[updates ->> 'parent_ticket_id']))[1];
        perform logic.check_parent(tid, new_row.parent_ticket_id);
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
    if nullif(logic.trimmed(update_comment), '') is not null then
        perform logic.insert_comment(who, tid, old_row.workflow_id, update_comment, 'general', field => 'update_comment');
    end if;
    return jsonb_build_object('success', true, 'ticket_id', tid, 'fields_updated', changed,
        'version', (select t.version from tickets t where t.id = tid),
        'message', case when cardinality(changed) = 0 then 'Nothing changed.' else format('Updated %s.', array_to_string(changed, ', ')) end,
        'embedding_updated', false);
end
$$;

-- Refuses a change based on an old version of the ticket.
create function logic.check_version(ticket tickets, seen bigint) returns void language plpgsql immutable as $$
begin
    if seen is not null and seen <> ticket.version then
        perform logic.fail('CB005', format('TKT-%s changed since you read it: it is at version %s, you saw %s. Read it again.', ticket.number, ticket.version, seen),
            jsonb_build_object('version', ticket.version));
    end if;
end
$$;

-- Refuses a parent that is the ticket itself or one of its descendants.
create function logic.check_parent(ticket text, parent text) returns void language plpgsql as $$
begin
    if exists (
        with recursive
        -- The parent, its parent, and so on; `union` ends a loop that is there already.
        line as (
            select parent as id
            union
            select t.parent_ticket_id from line l join tickets t on t.id = l.id where t.parent_ticket_id is not null
        )
        select from line l where l.id = ticket) then
        perform logic.fail('CB004', 'A ticket cannot be its own ancestor.', jsonb_build_object('field', 'parent_ticket_id'));
    end if;
end
$$;

-- Makes the unresolved tickets among `given` the blockers of a ticket; answers whether anything changed.
create function logic.replace_blockers(ticket text, workflow text, given text[]) returns boolean language plpgsql as $$
declare
    wanted text[];
    changed boolean := false;
begin
    perform logic.check_list('blocked_by_ticket_ids', given, 200, 200);
    wanted := logic.resolve_ids(workflow, 'blocked_by_ticket_ids', given);
    if ticket = any (wanted) then
        perform logic.invalid('blocked_by_ticket_ids', 'must not name the ticket itself');
    end if;
    wanted := array(select t.id from tickets t where t.id = any (wanted) and not t.is_resolved);
    delete from ticket_blockers k where k.ticket_id = ticket and not k.blocked_by_ticket_id = any (wanted);
    changed := found;
    insert into ticket_blockers (ticket_id, blocked_by_ticket_id, workflow_id)
    select ticket, w, workflow from unnest(wanted) w
    on conflict do nothing;
    return changed or found;
end
$$;

-- POST /api/tickets/set-blockers
create function logic.set_blockers(caller text, ticket text, blocked_by_ticket_ids text[]) returns jsonb language plpgsql as $$
declare
    tid text := logic.find_ticket(caller, ticket, 'member');
    row tickets;
begin
    row := logic.lock_ticket(tid);
    perform logic.require_open(row.workflow_id);
    perform logic.replace_blockers(tid, row.workflow_id, blocked_by_ticket_ids);
    return jsonb_build_object('success', true, 'ticket_id', tid, 'message', 'Set the blockers.',
        'blocked_by_ticket_ids', (select c.blocked_by_ticket_ids from logic.cards c where c.ticket_id = tid));
end
$$;

-- DELETE /api/tickets/{id}: soft; what it blocked is released, and restoring brings the ticket back.
create function logic.delete_ticket(caller text, ticket text) returns jsonb language plpgsql as $$
declare
    tid text := logic.find_ticket(caller, ticket, 'member');
    row tickets;
begin
    perform logic.require_open((select t.workflow_id from tickets t where t.id = tid));
    -- Work on what is gone is of no use. Jobs come before tickets in the order of locks.
    perform logic.cancel_job(caller, j.id, 'Its ticket was deleted.') from jobs j
      where j.ticket_id = tid and j.finished_at is null and j.deleted_at is null;
    row := logic.lock_ticket(tid);
    delete from ticket_blockers k where k.blocked_by_ticket_id = tid;
    update tickets t set deleted_at = clock_timestamp() where t.id = tid and t.deleted_at is null;
    return jsonb_build_object('success', true, 'ticket_id', tid, 'message', format('Deleted TKT-%s.', row.number));
end
$$;

-- POST /api/tickets/{id}/restore
create function logic.restore_ticket(caller text, ticket text) returns jsonb language plpgsql as $$
declare
    row tickets;
begin
    select * into row from tickets t where t.id = ticket;
    perform logic.authorize(caller, row.workflow_id, 'member', 'ticket ' || ticket);
    perform logic.require_open(row.workflow_id);
    update tickets t set deleted_at = null where t.id = ticket and t.deleted_at is not null;
    return jsonb_build_object('success', true, 'ticket_id', ticket, 'message', format('Restored TKT-%s.', row.number));
end
$$;
