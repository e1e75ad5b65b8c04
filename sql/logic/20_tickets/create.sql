-- Creating tickets.

-- Rejects the fields of a new ticket that break a rule.
create function logic.check_new_ticket(
    workflow text, title text, description text, ticket_type text, tags text[], related_task_ids text[], related_ticket_ids text[],
    blocked_by_ticket_ids text[]
) returns void language plpgsql stable as $$
begin
    perform logic.check_title(title);
    if not logic.is_blank(description) then
        perform logic.check_min_length('description', description, 10, ', or be left out');
    elsif (select b.require_description from boards b where b.workflow_id = workflow) then
        perform logic.fail_invalid('description', 'must have at least 10 characters: this board requires one');
    end if;
    if ticket_type is not null then
        perform logic.check_ticket_type(workflow, ticket_type);
    end if;
    perform logic.check_list_limits('tags', tags, 50, 100);
    perform logic.check_list_limits('related_task_ids', related_task_ids, 200, 200);
    perform logic.check_list_limits('related_ticket_ids', related_ticket_ids, 200, 200);
    perform logic.check_list_limits('blocked_by_ticket_ids', blocked_by_ticket_ids, 200, 200);
end
$$;

-- POST /api/tickets/create. A description is optional, unless the board requires one. `number` is one that was reserved before.
create function logic.create_ticket(
    caller text, workflow text, title text, description text default null,
    ticket_type text default null, priority text default null, initial_status text default null,
    assigned_agent_id text default null, parent_ticket_id text default null,
    blocked_by_ticket_ids text[] default null, tags text[] default null,
    related_task_ids text[] default null, related_ticket_ids text[] default null,
    story_points double precision default null, estimate_minutes bigint default null, custom_fields jsonb default null,
    number bigint default null, due_on text default null, milestone text default null
) returns jsonb language plpgsql as $$
declare
    who constant logic.principal := logic.authorize(caller, workflow, 'member');
    author constant text := logic.effective_actor_id(who);
    board boards;
    made tickets;
    parent text;
    blockers text[];
    due_day date;
    warning text;
begin
    perform logic.require_open_workflow(workflow);
    select * into board from boards b where b.workflow_id = workflow;
    title := logic.trim_whitespace(title);
    description := case when logic.is_blank(description) then '' else description end;
    tags := coalesce(logic.normalize_list(tags), '{}');
    if ticket_type is not null then
        ticket_type := logic.find_ticket_type(board.ticket_types, ticket_type);
    end if;
    perform logic.check_new_ticket(workflow, title, description, ticket_type, tags, related_task_ids, related_ticket_ids, blocked_by_ticket_ids);
    if assigned_agent_id is not null then
        assigned_agent_id := logic.ensure_assignee(who, workflow, assigned_agent_id);
    elsif board.auto_assign then
        assigned_agent_id := author;
    end if;
    perform logic.check_custom_fields(custom_fields);
    if due_on is not null then
        due_day := logic.parse_day('due_on', due_on);
    end if;
    if milestone is not null then
        milestone := logic.resolve_milestone(workflow, milestone);
    end if;
    parent := (logic.resolve_ticket_ids(workflow, 'parent_ticket_id', array[parent_ticket_id]))[1];
    blockers := logic.resolve_ticket_ids(workflow, 'blocked_by_ticket_ids', blocked_by_ticket_ids);
    initial_status := coalesce(initial_status, board.initial_status);
    if not exists (select from board_columns c where c.workflow_id = workflow and c.id = initial_status) then
        initial_status := logic.require_column(workflow, initial_status, 'initial_status');
    end if;
    warning := logic.check_wip_limit(workflow, initial_status);

    insert into tickets (workflow_id, title, description, ticket_type, priority, status, created_by_agent_id, assigned_agent_id,
                         parent_ticket_id, tags, related_task_ids, related_ticket_ids, story_points, estimate_minutes, approval_status,
                         custom_fields, number, due_on, milestone_id)
    values (workflow, title, description, coalesce(ticket_type, board.default_ticket_type), coalesce(priority, 'medium'), initial_status,
            author, assigned_agent_id, parent, tags, coalesce(logic.normalize_list(related_task_ids), '{}'),
            logic.resolve_ticket_ids(workflow, 'related_ticket_ids', related_ticket_ids), story_points, estimate_minutes,
            case when board.human_review and not logic.is_person(author) then 'pending_review' end,
            nullif(create_ticket.custom_fields, '{}'), create_ticket.number, due_day, milestone)
    returning * into made;
    -- The triggers of an insert run even without rows.
    if cardinality(blockers) > 0 then
        insert into ticket_blockers (ticket_id, blocked_by_ticket_id, workflow_id)
        select made.id, b, workflow from unnest(blockers) b order by b;
    end if;
    if made.approval_status = 'pending_review' then
        perform logic.insert_review(who, made, required => true);
        warning := concat_ws(' ', warning, 'It waits for review.');
    end if;

    return jsonb_build_object(
        'success', true, 'ticket_id', made.id, 'key', 'TKT-' || made.number, 'status', made.status, 'version', made.version,
        'message', concat_ws(' ', format('Created TKT-%s in %s.', made.number, made.status), warning),
        'embedding_created', false, 'similar_tickets', '[]'::jsonb);
end
$$;
