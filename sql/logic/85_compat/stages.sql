-- Boards for clients that know stages: a ticket's `stage` is its column.

-- A ticket with the additional names that these clients use.
create function logic.staged_ticket_json(ticket jsonb) returns jsonb language sql stable
begin atomic
    select ticket || jsonb_build_object('id', ticket -> 'ticket_id', 'stage', ticket -> 'status',
        'workflow_active', exists (select from jobs j where j.ticket_id = ticket ->> 'ticket_id' and j.deleted_at is null
                                      and j.status in ('running', 'paused', 'waiting')));
end;

-- GET /tickets: the tickets that one board shows (logic.board_tickets_json), with its position in the stream; none without a
-- default workflow.
create function logic.list_staged_tickets(caller text, workflow text, out epoch text, out seq bigint, out body text) language plpgsql as $$
declare
    who constant logic.principal := logic.identify_caller(caller);
    place constant text := coalesce(workflow, logic.default_workflow_of(who));
begin
    if place is not null then
        perform logic.authorize_principal(who, place, 'viewer');
    end if;
    epoch := logic.epoch();
    select s.last_seq into seq from streams s where s.stream_id = 'workflow:' || place;
    seq := coalesce(seq, 0);
    body := coalesce((
        select jsonb_agg(logic.staged_ticket_json(e.card) || jsonb_build_object('description', t.description) order by t.number)::text
          from jsonb_array_elements(logic.board_tickets_json(place)::jsonb) e (card)
          join tickets t on t.id = e.card ->> 'ticket_id'), '[]');
end
$$;

-- GET /tickets/{id}: everything about one ticket, by id or key.
create function logic.get_staged_ticket(caller text, ticket text, workflow text default null) returns jsonb language plpgsql as $$
declare
    access constant logic.ticket_access := logic.authorize_ticket_by_key(caller, ticket, 'viewer', workflow);
begin
    return logic.staged_ticket_json(logic.ticket_details_json(access.ticket_id)) || jsonb_build_object('epoch', logic.epoch(), 'seq', (
        select s.last_seq from streams s where s.stream_id = 'workflow:' || access.workflow_id));
end
$$;

-- POST /tickets. Defaults to the default workflow. A short description is completed with the title.
create function logic.create_staged_ticket(
    caller text, workflow text, title text, description text, stage text default null, priority text default null,
    ticket_type text default null, tags text[] default null, assigned_agent_id text default null
) returns jsonb language plpgsql as $$
declare
    place text := coalesce(workflow, logic.ensure_default_workflow(caller));
    content text := coalesce(description, '');
    stands_in text;
    made jsonb;
begin
    perform logic.authorize(caller, place, 'member');
    if stage is not null then
        stands_in := logic.find_column_for_word(place, stage);
        if stands_in is null then
            perform logic.fail_unknown_status(place, stage, 'stage');
        end if;
    end if;
    if logic.content_length(content) < 10 then
        content := concat_ws(E'\n\n', nullif(logic.trim_whitespace(content), ''), format('Work on: %s', title));
    end if;
    made := logic.create_ticket(caller, place, title, content, ticket_type => create_staged_ticket.ticket_type, priority => create_staged_ticket.priority,
        initial_status => stands_in, assigned_agent_id => create_staged_ticket.assigned_agent_id, tags => create_staged_ticket.tags);
    return logic.get_staged_ticket(caller, made ->> 'ticket_id');
end
$$;

-- PUT /api/tickets/{id}/stage. Answers the card, without comments and history, which would make each move of an old ticket
-- slower. A blocked ticket stays, and that is an error here: these clients move the card first and revert it on an error.
create function logic.move_ticket_to_stage(caller text, ticket text, stage text, comment text default null, workflow text default null)
returns jsonb language plpgsql as $$
declare
    access constant logic.ticket_access := logic.authorize_ticket_by_key(caller, ticket, 'member', workflow);
    tid constant text := access.ticket_id;
    target constant text := logic.find_column_for_word(access.workflow_id, stage, (select t.status from tickets t where t.id = tid));
    answer jsonb;
begin
    if target is null then
        perform logic.fail_unknown_status(access.workflow_id, stage, 'stage');
    end if;
    answer := logic.change_status(caller, tid, target, comment);
    if not (answer ->> 'success')::boolean then
        perform logic.fail('blocked', answer ->> 'message', answer - 'success' - 'message');
    end if;
    return (
        select logic.staged_ticket_json(to_jsonb(c)) || jsonb_build_object('description', t.description, 'epoch', logic.epoch(),
                'seq', s.last_seq, 'success', true, 'old_stage', answer -> 'old_status', 'new_stage', answer -> 'new_status',
                'message', answer -> 'message')
          from logic.cards c
          join tickets t on t.id = c.ticket_id
          join streams s on s.stream_id = 'workflow:' || c.workflow_id
         where c.ticket_id = tid);
end
$$;

-- GET /workflows/status: the open work by ticket, with the completed stages.
create function logic.get_stage_status(caller text, workflow text) returns jsonb language plpgsql as $$
declare
    who constant logic.principal := logic.identify_caller(caller);
    place constant text := coalesce(workflow, logic.default_workflow_of(who));
begin
    if place is not null then
        perform logic.authorize_principal(who, place, 'viewer');
    end if;
    return (
        with
        -- The newest open job of each ticket.
        work as (
            select distinct on (j.ticket_id) j.*
              from jobs j
             where j.workflow_id = place and j.ticket_id is not null and j.deleted_at is null
               and j.status in ('queued', 'running', 'paused', 'waiting')
             order by j.ticket_id, j.created_at desc, j.id desc
        ),
        -- Status and completed stages of each.
        progress as (
            select w.ticket_id, w.status, w.started_at, jsonb_build_object('job_id', w.id, 'status', w.status,
                'current_stage', coalesce(w.stage, (select t.status from tickets t where t.id = w.ticket_id)),
                'progress', w.progress, 'start_time', coalesce(w.started_at, w.created_at),
                'stages_completed', coalesce((
                    select jsonb_agg(jsonb_build_object('stage', h.old_value, 'completed_at', h.changed_at) order by h.seq)
                      from history h where h.stream_id = 'job:' || w.id and h.change_type = 'job_stage' and h.old_value is not null), '[]')) as work
              from work w
        )
        select jsonb_build_object('workflow_id', place, 'epoch', logic.epoch(),
            'seq', coalesce((select s.last_seq from streams s where s.stream_id = 'workflow:' || place), 0),
            'active_workflows', coalesce(jsonb_object_agg(t.ticket_id, t.work), '{}'),
            'active_count', count(*) filter (where t.status <> 'queued'))
          from progress t);
end
$$;

-- GET /session: the caller and its board.
create function logic.get_stage_session(caller text) returns jsonb language plpgsql as $$
declare
    who logic.principal := logic.identify_caller(caller);
    place constant text := logic.default_workflow_of(who);
begin
    return jsonb_build_object('session_id', logic.credential_field(caller, 'session'),
        -- An agent that the caller acts for may not exist yet; its first write provisions it.
        'user', (select jsonb_build_object('id', e.id, 'name', coalesce(a.name, e.id), 'kind', coalesce(a.kind, 'agent'))
                   from logic.effective_actor_id(who) e (id) left join actors a on a.id = e.id),
        'workflow_id', place, 'workflow_name', (select w.name from workflows w where w.id = place),
        'stages', coalesce((select jsonb_agg(c.id order by c.position, c.id) from board_columns c where c.workflow_id = place), '[]'),
        'epoch', logic.epoch(), 'seq', coalesce((select s.last_seq from streams s where s.stream_id = 'workflow:' || place), 0));
end
$$;
