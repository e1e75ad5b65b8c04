-- Reading one ticket.

-- Everything about one ticket. The fields are at the top level and again under `ticket`, because existing clients
-- read either.
create function logic.ticket_details_json(ticket text) returns jsonb language plpgsql as $$
declare
    row tickets;
    fields jsonb;
begin
    select * into row from tickets t where t.id = ticket;
    fields := (select to_jsonb(c) from logic.cards c where c.ticket_id = row.id) || jsonb_build_object(
        'id', row.id, 'description', row.description, 'resolved_at', row.resolved_at, 'external_ref', row.external_ref,
        'related_task_ids', row.related_task_ids, 'related_ticket_ids', row.related_ticket_ids);
    return fields || jsonb_build_object(
        'success', true,
        'ticket', fields,
        'comments', coalesce((
            select jsonb_agg(logic.comment_json(c.id) order by c.created_at, c.id)
              from (select * from ticket_comments c where c.ticket_id = row.id and c.deleted_at is null
                     order by c.created_at desc, c.id desc limit 500) c), '[]'),
        'history', logic.ticket_history_json(row, 200),
        'commits', coalesce((
            select jsonb_agg(logic.commit_json(m.id) order by m.linked_at, m.id) from ticket_commits m where m.ticket_id = row.id), '[]'),
        'related_tickets', coalesce((
            select jsonb_agg(logic.ticket_reference_json(r.id)) from unnest(row.related_ticket_ids) r (id)), '[]'),
        'related_tasks', coalesce((select jsonb_agg(jsonb_build_object('task_id', r.id)) from unnest(row.related_task_ids) r (id)), '[]'),
        'parent_ticket', logic.ticket_reference_json(row.parent_ticket_id),
        'merged_into', logic.ticket_reference_json(row.merged_into_ticket_id),
        'duplicates', coalesce((
            select jsonb_agg(logic.ticket_reference_json(d.id) order by d.number) from tickets d
             where d.merged_into_ticket_id = row.id and d.deleted_at is null), '[]'),
        'sub_tickets', coalesce((
            select jsonb_agg(logic.ticket_reference_json(s.id) order by s.number) from tickets s
             where s.parent_ticket_id = row.id and logic.is_live(s)), '[]'),
        'blocked_by', coalesce((
            select jsonb_agg(logic.ticket_reference_json(k.blocked_by_ticket_id) order by k.blocked_by_ticket_id)
              from logic.active_blockers k where k.ticket_id = row.id), '[]'),
        'claim', logic.ticket_claim_json(row.id),
        'resolved_blockers', coalesce((
            select jsonb_agg(logic.ticket_reference_json(k.blocked_by_ticket_id) order by k.blocked_by_ticket_id)
              from ticket_blockers k where k.ticket_id = row.id and k.released_at is not null), '[]'),
        'blocks', coalesce((
            select jsonb_agg(logic.ticket_reference_json(k.ticket_id) order by k.ticket_id)
              from logic.active_blockers k join tickets t on t.id = k.ticket_id and logic.is_live(t)
             where k.blocked_by_ticket_id = row.id), '[]'));
end
$$;

-- GET /api/tickets/{id}
create function logic.get_ticket(caller text, ticket text, workflow text default null) returns jsonb language plpgsql as $$
begin
    return logic.ticket_details_json((logic.authorize_ticket(caller, ticket, 'viewer', workflow)).ticket_id);
end
$$;

-- A ticket's newest history rows, oldest first, without event data; those before the number `before` if it is given. Messages and progress
-- of jobs are left out: they are in the job's transcript and would crowd out everything else.
create function logic.ticket_history_json(ticket tickets, max_rows int, before bigint default null) returns jsonb language sql stable
begin atomic
    select coalesce(jsonb_agg(jsonb_build_object(
        'seq', h.seq, 'change_type', h.change_type, 'field_name', h.field_name, 'old_value', h.old_value, 'new_value', h.new_value,
        'change_description', h.change_description, 'changed_at', h.changed_at,
        'agent_id', coalesce(h.on_behalf_of, h.actor_id), 'actor_id', h.actor_id, 'on_behalf_of', h.on_behalf_of,
        'metadata', h.metadata - 'changes' - 'ticket') order by h.seq), '[]')
      from (select * from history h
             where h.ticket_id = (ticket).id and h.stream_id = 'workflow:' || (ticket).workflow_id
               and h.change_type not in ('job_progress', 'job_message') and (before is null or h.seq < before)
             order by h.seq desc limit max_rows) h;
end;

-- A page of a ticket's comments or changes (`part`), oldest first: the newest `max_rows` rows, or the next older ones
-- after a cursor. `comment` selects one comment instead; the part `description` is the text alone.
create function logic.get_ticket_page(caller text, ticket text, part text, comment text, max_rows int, cursor text default null) returns jsonb
language plpgsql as $$
declare
    tid constant text := (logic.authorize_ticket(caller, ticket, 'viewer')).ticket_id;
    about constant jsonb := jsonb_build_array(tid, part, comment);
    last_seen constant jsonb := logic.read_cursor(cursor, 'ticket', about);
    row tickets;
    -- Fetches one row more than requested to learn whether there are more.
    found jsonb;
    rows bigint;
begin
    if part = 'comments' then
        found := coalesce((
            select jsonb_agg(logic.comment_json(c.id) order by c.created_at, c.id)
              from (select * from ticket_comments c
                     where c.ticket_id = tid and c.deleted_at is null and (comment is null or c.id = comment)
                       and (last_seen is null or (c.created_at, c.id) < ((last_seen ->> 0)::timestamptz, last_seen ->> 1))
                     order by c.created_at desc, c.id desc limit max_rows + 1) c), '[]');
    else
        select * into row from tickets t where t.id = tid;
        if part = 'description' then
            return jsonb_build_object('description', row.description);
        end if;
        found := logic.ticket_history_json(row, max_rows + 1, (last_seen ->> 0)::bigint);
    end if;
    rows := jsonb_array_length(found);
    -- The extra row is the oldest, which comes first.
    found := case when rows > max_rows then found - 0 else found end;
    return jsonb_build_object(part, found) || logic.page_end(rows, max_rows, 'ticket', about,
        case when part = 'comments' then jsonb_build_array(found -> 0 -> 'created_at', found -> 0 -> 'comment_id')
             else jsonb_build_array(found -> 0 -> 'seq') end);
end
$$;
