-- Stage boards with an address of their own: tickets with their request, model, counts and the lines of their agents.

-- A ticket as these clients need it, before its words are translated. `lines` is how many of its agents' messages it carries, `most`
-- how long its texts are in a list.
create function logic.stage_board_json(t tickets, lines bigint, most int default null) returns jsonb language sql stable
begin atomic
    select jsonb_build_object('ticket_id', t.id, 'number', t.number, 'title', t.title, 'description', logic.cut_text(t.description, most),
        'status', t.status,
        'category', (select c.category from board_columns c where c.workflow_id = t.workflow_id and c.id = t.status),
        'custom_fields', logic.cut_texts(coalesce(t.custom_fields, '{}'), most), 'counts', logic.stage_counts_json(t.id), 'version', t.version,
        'created_at', t.created_at, 'updated_at', t.updated_at,
        'messages', coalesce((
            select jsonb_agg(jsonb_build_object('kind', m.kind, 'stage', m.stage, 'content', left(m.content, case when most is null then 4000 else 1000 end),
                       'metadata', case when octet_length(m.metadata::text) <= 2000 then m.metadata else '{}' end) order by m.created_at, m.position)
              from (select m.*
                      from jobs j
                     cross join lateral (select m.* from job_messages m where m.job_id = j.id and m.kind <> 'log'
                                          order by m.position desc limit lines) m
                     where j.ticket_id = t.id and j.deleted_at is null
                     order by m.created_at desc, m.position desc limit lines) m), '[]'));
end;

-- GET /tickets: what logic.board_tickets_json shows, with the newest lines of the tickets that changed last.
create function logic.list_stage_board(caller text, workflow text default null, out epoch text, out seq bigint, out body text) language plpgsql as $$
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
    with
    -- The tickets that the board shows, and their places by last change.
    shown as (
        select e.card ->> 'ticket_id' as id, row_number() over (order by e.card ->> 'updated_at' desc) as place, count(*) over () as tickets
          from jsonb_array_elements(logic.board_tickets_json(place)::jsonb) e (card)
    )
    select coalesce(jsonb_agg(logic.stage_board_json(t, case when s.place <= 50 then 50 else 0 end, logic.list_text_length(s.tickets))
               order by t.number), '[]')::text into body
      from shown s
      join tickets t on t.id = s.id;
end
$$;

-- GET /tickets/{id}, by id or number.
create function logic.get_stage_board_ticket(caller text, ticket text, workflow text default null) returns jsonb language plpgsql as $$
declare
    access constant logic.ticket_access := logic.authorize_ticket_by_key(caller, ticket, 'viewer', workflow);
begin
    return (select logic.stage_board_json(t, 200) from tickets t where t.id = access.ticket_id);
end
$$;

-- POST /tickets: `fields` are the model and the like; a request that is too short for a description is kept there too.
create function logic.create_stage_board_ticket(caller text, workflow text, title text, request text, fields jsonb) returns jsonb
language plpgsql as $$
declare
    place constant text := coalesce(workflow, logic.ensure_default_workflow(caller));
    short constant boolean := logic.content_length(coalesce(request, '')) < 10;
    made jsonb;
begin
    made := logic.create_ticket(caller, place, title,
        case when short then concat_ws(E'\n\n', nullif(logic.trim_whitespace(request), ''), format('Work on: %s', title)) else request end,
        custom_fields => jsonb_strip_nulls(coalesce(fields, '{}')
            || case when short then jsonb_build_object('content_user_request_prompt', request) else '{}' end));
    return logic.get_stage_board_ticket(caller, made ->> 'ticket_id');
end
$$;

-- PUT /tickets/{id}/stage. A ticket that enters `plan` gets a job of the type `queue_type`, if that is given and no job of the
-- ticket is open.
create function logic.move_stage_board_ticket(caller text, ticket text, stage text, workflow text default null, queue_type text default null)
returns jsonb language plpgsql as $$
declare
    moved constant jsonb := logic.move_ticket_to_stage(caller, ticket, stage, workflow => move_stage_board_ticket.workflow);
    tid constant text := moved ->> 'ticket_id';
begin
    if queue_type is not null and moved ->> 'new_stage' = 'plan' and moved ->> 'old_stage' <> 'plan' then
        perform logic.queue_ticket_job(caller, tid, queue_type, '{plan,build,review}');
    end if;
    return logic.get_stage_board_ticket(caller, tid);
end
$$;
