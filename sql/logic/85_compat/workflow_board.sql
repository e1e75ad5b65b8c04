-- Workflow boards with an address of their own: a task is a ticket with an `adw_id` that its client chose, kept in the custom
-- fields.

-- The caller that was checked, and the ticket as it was read.
create type logic.adw_access as (who logic.principal, ticket tickets);

-- The ticket of an id in the listener's workflow, or in the caller's default workflow: by the id that a client chose, else by the
-- ticket's own id or that of one of its jobs. Deleted tickets only if `with_deleted`.
create function logic.authorize_adw(caller text, workflow text, adw_id text, required text, with_deleted boolean default false)
returns logic.adw_access language plpgsql as $$
declare
    access logic.adw_access;
    place text := workflow;
    found_ticket tickets;
begin
    access.who := logic.identify_caller(caller);
    place := coalesce(place, logic.default_workflow_of(access.who));
    if place is not null then
        access.who := logic.authorize_principal(access.who, place, required);
    end if;
    select * into found_ticket from tickets t
     where t.workflow_id = place and t.custom_fields ? 'adw_id' and t.custom_fields ->> 'adw_id' = authorize_adw.adw_id;
    if found_ticket.id is null then
        select * into found_ticket from tickets t where t.workflow_id = place and t.id = authorize_adw.adw_id;
    end if;
    if found_ticket.id is null then
        select t.* into found_ticket from jobs j join tickets t on t.id = j.ticket_id
         where j.id = authorize_adw.adw_id and j.workflow_id = place and j.deleted_at is null;
    end if;
    if found_ticket.id is null or (not logic.is_live(found_ticket) and not with_deleted) then
        perform logic.fail('not_found', format('ADW %s not found.', adw_id));
    end if;
    access.ticket := found_ticket;
    return access;
end
$$;

-- A ticket as these clients need it, before its words are translated, with its newest job. `most` is how long its texts are in a list.
create function logic.workflow_board_json(t tickets, most int default null) returns jsonb language sql stable
begin atomic
    select jsonb_build_object('ticket_id', t.id, 'number', t.number, 'title', t.title, 'description', logic.cut_text(t.description, most),
        'status', t.status,
        'category', (select c.category from board_columns c where c.workflow_id = t.workflow_id and c.id = t.status),
        'ticket_type', t.ticket_type, 'is_resolved', t.is_resolved,
        'custom_fields', logic.cut_texts(coalesce(t.custom_fields, '{}'), most),
        'workflow_id', t.workflow_id, 'created_at', t.created_at, 'updated_at', t.updated_at, 'completed_at', t.completed_at,
        'job', (select jsonb_build_object('id', j.id, 'status', j.status, 'stage', j.stage, 'stages', j.stages, 'title', j.title,
                       'error', j.error, 'no_worker', j.no_worker_since is not null)
                  from jobs j where j.ticket_id = t.id and j.deleted_at is null order by j.created_at desc, j.id desc limit 1));
end;

-- GET /api/adws: what logic.board_tickets_json shows, newest first.
create function logic.list_workflow_board(caller text, workflow text default null) returns jsonb language plpgsql as $$
declare
    who constant logic.principal := logic.identify_caller(caller);
    place constant text := coalesce(workflow, logic.default_workflow_of(who));
begin
    if place is null then
        return '[]';
    end if;
    perform logic.authorize_principal(who, place, 'viewer');
    return (
        with
        -- The tickets that the board shows.
        shown as (
            select e.card ->> 'ticket_id' as id, count(*) over () as tickets from jsonb_array_elements(logic.board_tickets_json(place)::jsonb) e (card)
        )
        select coalesce(jsonb_agg(logic.workflow_board_json(t, logic.list_text_length(s.tickets)) order by t.number desc), '[]')
          from shown s
          join tickets t on t.id = s.id);
end
$$;

-- GET /api/adws/{adw_id}
create function logic.get_workflow_board_task(caller text, workflow text, adw_id text) returns jsonb language sql
begin atomic
    select logic.workflow_board_json((logic.authorize_adw(caller, workflow, adw_id, 'viewer')).ticket);
end;

-- Rejects a list of stages that no board has columns for.
create function logic.check_workflow_board_fields(fields jsonb) returns void language plpgsql immutable as $$
begin
    if jsonb_typeof(fields -> 'workflow_stages') = 'array' then
        perform logic.check_list_limits('workflow_stages', logic.json_text_array(fields -> 'workflow_stages'), 50, 64);
    end if;
end
$$;

-- POST /api/adws: `fields` are the branch, the model and the like. A number that was allocated before becomes the ticket's; any
-- other is only kept.
create function logic.create_workflow_board_task(
    caller text, workflow text, adw_id text, title text, description text, issue_class text, stage text, fields jsonb
) returns jsonb language plpgsql as $$
declare
    place constant text := coalesce(workflow, logic.ensure_default_workflow(caller));
    who constant logic.principal := logic.authorize(caller, place, 'member');
    issue constant bigint := case when (fields ->> 'issue_number') ~ '^[1-9][0-9]{0,14}$' then (fields ->> 'issue_number')::bigint end;
    initial text;
    taken text;
    made jsonb;
begin
    perform logic.check_workflow_board_fields(fields);
    if stage is not null then
        initial := logic.find_column_for_word(place, stage);
        if initial is null then
            perform logic.fail_unknown_status(place, stage, 'current_stage');
        end if;
    end if;
    select case when t.deleted_at is null then 'ADW %s already exists.' else 'ADW %s already exists; it was deleted.' end into taken
      from tickets t
     where t.workflow_id = place and t.custom_fields ? 'adw_id' and t.custom_fields ->> 'adw_id' = create_workflow_board_task.adw_id;
    if taken is not null then
        perform logic.fail('conflict', format(taken, adw_id));
    end if;
    made := logic.create_ticket(caller, place, title, description,
        ticket_type => logic.ticket_type_of_issue(place, issue_class), initial_status => initial,
        custom_fields => jsonb_strip_nulls(coalesce(fields, '{}')) || jsonb_build_object('adw_id', adw_id),
        number => case when exists (select from ticket_counters c where c.workflow_id = place and c.last_number >= issue)
                        and not exists (select from tickets t where t.workflow_id = place and t.number = issue) then issue end);
    return (select logic.workflow_board_json(t) from tickets t where t.id = made ->> 'ticket_id');
exception when unique_violation then
    -- Another request was faster.
    perform logic.fail('conflict', format('ADW %s or its issue number already exists.', adw_id));
    return null;
end
$$;

-- The type of a ticket for an issue class: the same if the board has it, else `task`, else the board's default.
create function logic.ticket_type_of_issue(workflow text, issue_class text) returns text language sql stable
begin atomic
    select x.value ->> 'id'
      from boards b cross join jsonb_array_elements(b.ticket_types) x
     where b.workflow_id = workflow and x.value ->> 'id' in (issue_class, 'task')
     order by x.value ->> 'id' <> issue_class limit 1;
end;

-- Moves a task to the column that a stage means; in that column already, it stays. A refusal is an error.
create function logic.move_workflow_board_task(caller text, ticket tickets, stage text) returns void language plpgsql as $$
declare
    target constant text := logic.find_column_for_word(ticket.workflow_id, stage, ticket.status);
    answer jsonb;
begin
    if target is null then
        perform logic.fail_unknown_status(ticket.workflow_id, stage, 'current_stage');
    elsif target <> ticket.status then
        answer := logic.change_status(caller, ticket.id, target, case
            when (select b.require_comments_on_status_change from boards b where b.workflow_id = ticket.workflow_id)
            then 'Moved on the workflow board.' end);
        if not (answer ->> 'success')::boolean then
            perform logic.fail('blocked', answer ->> 'message', answer - 'success' - 'message');
        end if;
    end if;
end
$$;

-- PATCH /api/adws/{adw_id}: a stage, the ticket's own fields (`updates`) and those kept with it (`fields`; null removes one). A client
-- that knows a text only from a list, where it was cut, sends that back with every change; it changes nothing.
create function logic.update_workflow_board_task(
    caller text, workflow text, adw_id text, stage text, issue_class text, updates jsonb, fields jsonb
) returns jsonb language plpgsql as $$
declare
    access constant logic.adw_access := logic.authorize_adw(caller, workflow, adw_id, 'member');
    held constant tickets := access.ticket;
    changes jsonb := coalesce(updates, '{}');
    kept jsonb := coalesce(fields, '{}');
begin
    perform logic.check_workflow_board_fields(kept);
    if logic.is_cut_text(changes ->> 'description', coalesce(held.custom_fields ->> 'issue_body', held.description), 'description') then
        changes := changes - 'description';
        kept := kept - 'issue_body';
    end if;
    if stage is not null then
        perform logic.move_workflow_board_task(caller, held, stage);
    end if;
    if issue_class is not null and logic.ticket_type_of_issue(held.workflow_id, issue_class) is not null then
        changes := changes || jsonb_build_object('ticket_type', logic.ticket_type_of_issue(held.workflow_id, issue_class));
    end if;
    if changes <> '{}' then
        perform logic.update_ticket(caller, held.id, changes);
    end if;
    if kept <> '{}' then
        perform logic.set_custom_fields(caller, held.id, kept - 'adw_id');
    end if;
    return (select logic.workflow_board_json(t) from tickets t where t.id = held.id);
end
$$;

-- DELETE /api/adws/{adw_id}. A second one succeeds too: these clients send two.
create function logic.delete_workflow_board_task(caller text, workflow text, adw_id text) returns jsonb language plpgsql as $$
declare
    access constant logic.adw_access := logic.authorize_adw(caller, workflow, adw_id, 'member', with_deleted => true);
begin
    if logic.is_live(access.ticket) then
        perform logic.delete_ticket(caller, (access.ticket).id);
    end if;
    return jsonb_build_object('success', true, 'adw_id', adw_id, 'message', format('ADW %s was deleted.', adw_id));
end
$$;

-- POST /api/issues/allocate: the number of a task that is created later.
create function logic.allocate_issue_number(caller text, workflow text) returns jsonb language plpgsql as $$
declare
    place constant text := coalesce(workflow, logic.ensure_default_workflow(caller));
begin
    perform logic.authorize(caller, place, 'member');
    perform logic.require_open_workflow(place);
    return jsonb_build_object('issue_number', logic.reserve_ticket_numbers(place, 1) + 1);
end
$$;
