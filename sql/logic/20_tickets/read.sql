-- Reading one ticket.

-- Everything about one ticket, in a size that does not grow with its past: `next_cursors` continue the lists of comments, changes
-- and commits with older ones, `cut_lists` names the lists of tickets that have more. The fields are at the top level and
-- again under `ticket`, because existing clients read either.
create function logic.ticket_details_json(ticket text) returns jsonb language plpgsql as $$
declare
    row tickets;
    fields jsonb;
    comments jsonb;
    changes jsonb;
    commits jsonb;
    -- Ids of other tickets, by list; one more than is shown, to learn whether there are more.
    others jsonb;
    most constant int := logic.max_references();
begin
    select * into row from tickets t where t.id = ticket;
    fields := (select to_jsonb(c) from logic.cards c where c.ticket_id = row.id) || jsonb_build_object(
        'id', row.id, 'description', row.description, 'resolved_at', row.resolved_at, 'external_ref', row.external_ref,
        'related_task_ids', row.related_task_ids, 'related_ticket_ids', row.related_ticket_ids);
    comments := logic.ticket_page_json(row, 'comments', null, 500);
    changes := logic.ticket_page_json(row, 'history', null, 200);
    commits := logic.ticket_page_json(row, 'commits', null, 200);
    others := jsonb_build_object(
        'related_tickets', row.related_ticket_ids[:most + 1],
        'duplicates', array(
            select d.id from tickets d where d.merged_into_ticket_id = row.id and d.deleted_at is null order by d.number limit most + 1),
        'sub_tickets', array(
            select s.id from tickets s where s.parent_ticket_id = row.id and logic.is_live(s) order by s.number limit most + 1),
        'blocked_by', array(
            select k.blocked_by_ticket_id from logic.active_blockers k
             where k.ticket_id = row.id order by k.blocked_by_ticket_id limit most + 1),
        'resolved_blockers', array(
            select k.blocked_by_ticket_id from ticket_blockers k
             where k.ticket_id = row.id and k.released_at is not null order by k.blocked_by_ticket_id limit most + 1),
        'blocks', array(
            select k.ticket_id from logic.active_blockers k join tickets t on t.id = k.ticket_id and logic.is_live(t)
             where k.blocked_by_ticket_id = row.id order by k.ticket_id limit most + 1));
    return fields || jsonb_build_object(
        'success', true,
        'ticket', fields,
        'comments', comments -> 'comments',
        'history', changes -> 'history',
        'commits', commits -> 'commits',
        'next_cursors', jsonb_build_object('comments', comments -> 'next_cursor', 'history', changes -> 'next_cursor',
                                           'commits', commits -> 'next_cursor'),
        'related_tasks', coalesce((select jsonb_agg(jsonb_build_object('task_id', r.id)) from unnest(row.related_task_ids) r (id)), '[]'),
        'parent_ticket', logic.ticket_reference_json(row.parent_ticket_id),
        'merged_into', logic.ticket_reference_json(row.merged_into_ticket_id),
        'claim', logic.ticket_claim_json(row.id),
        'usage', logic.ticket_usage_json(row.id),
        'milestone', logic.milestone_reference_json(row.milestone_id),
        'cut_lists', (select coalesce(jsonb_agg(o.key order by o.key), '[]') from jsonb_each(others) o where jsonb_array_length(o.value) > most))
        || (select jsonb_object_agg(o.key, logic.ticket_references_json(logic.json_text_array(o.value))) from jsonb_each(others) o);
end
$$;

-- GET /api/tickets/{id}
create function logic.get_ticket(caller text, ticket text, workflow text default null) returns jsonb language plpgsql as $$
begin
    return logic.ticket_details_json((logic.authorize_ticket(caller, ticket, 'viewer', workflow)).ticket_id);
end
$$;

-- A ticket's newest history rows, oldest first, without event data; those before the number `before` if it is given. Messages, progress
-- and usage of jobs are left out: they are shown with the job and would crowd out everything else.
create function logic.ticket_history_json(ticket tickets, max_rows int, before bigint default null) returns jsonb language sql stable
begin atomic
    select coalesce(jsonb_agg(jsonb_build_object(
        'seq', h.seq, 'change_type', h.change_type, 'field_name', h.field_name, 'old_value', h.old_value, 'new_value', h.new_value,
        'change_description', h.change_description, 'changed_at', h.changed_at,
        'agent_id', coalesce(h.on_behalf_of, h.actor_id), 'actor_id', h.actor_id, 'on_behalf_of', h.on_behalf_of,
        'metadata', h.metadata - 'changes' - 'ticket') order by h.seq), '[]')
      from (select * from history h
             where h.ticket_id = (ticket).id and h.stream_id = 'workflow:' || (ticket).workflow_id
               and h.change_type not in ('job_progress', 'job_message', 'usage_reported') and (before is null or h.seq < before)
             order by h.seq desc limit max_rows) h;
end;

-- A page of a ticket's comments, changes or commits (`part`), oldest first: the newest `max_rows` rows, or those before
-- `last_seen`, the keys of a cursor. `comment` selects one comment instead.
create function logic.ticket_page_json(ticket tickets, part text, comment text, max_rows int, last_seen jsonb default null) returns jsonb
language plpgsql stable as $$
declare
    -- Fetches one row more than requested to learn whether there are more.
    found jsonb;
    keys jsonb;
    rows bigint;
begin
    if part = 'comments' then
        select coalesce(jsonb_agg(logic.comment_json(c.id) order by c.created_at, c.id), '[]') into found
          from (select * from ticket_comments c
                 where c.ticket_id = ticket.id and c.deleted_at is null and (comment is null or c.id = comment)
                   and (last_seen is null or (c.created_at, c.id) < ((last_seen ->> 0)::timestamptz, last_seen ->> 1))
                 order by c.created_at desc, c.id desc limit max_rows + 1) c;
    elsif part = 'commits' then
        select coalesce(jsonb_agg(logic.commit_json(m.id) order by m.linked_at, m.id), '[]'),
               jsonb_agg(jsonb_build_array(m.linked_at, m.id) order by m.linked_at, m.id) into found, keys
          from (select * from ticket_commits m
                 where m.ticket_id = ticket.id
                   and (last_seen is null or (m.linked_at, m.id) < ((last_seen ->> 0)::timestamptz, last_seen ->> 1))
                 order by m.linked_at desc, m.id desc limit max_rows + 1) m;
    else
        found := logic.ticket_history_json(ticket, max_rows + 1, (last_seen ->> 0)::bigint);
    end if;
    rows := jsonb_array_length(found);
    -- The extra row is the oldest, which comes first.
    if rows > max_rows then
        found := found - 0;
        keys := keys - 0;
    end if;
    return jsonb_build_object(part, found) || logic.page_end(rows, max_rows, 'ticket', jsonb_build_array(ticket.id, part, comment),
        case part when 'comments' then jsonb_build_array(found -> 0 -> 'created_at', found -> 0 -> 'comment_id')
                  when 'commits' then keys -> 0
                  else jsonb_build_array(found -> 0 -> 'seq') end);
end
$$;

-- GET /api/tickets/{id}/comments, /history and /commits: such a page. The part `description` is the text alone.
create function logic.get_ticket_page(caller text, ticket text, part text, comment text, max_rows int, cursor text default null) returns jsonb
language plpgsql as $$
declare
    tid constant text := (logic.authorize_ticket(caller, ticket, 'viewer')).ticket_id;
    row tickets;
    last_seen jsonb;
begin
    select * into row from tickets t where t.id = tid;
    if part = 'description' then
        return jsonb_build_object('description', row.description);
    end if;
    last_seen := logic.read_cursor(cursor, 'ticket', jsonb_build_array(row.id, part, comment));
    return logic.ticket_page_json(row, part, comment, max_rows, last_seen);
end
$$;
