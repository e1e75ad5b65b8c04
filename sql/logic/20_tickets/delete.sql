-- Deleting and restoring tickets, and those that can be restored.

-- DELETE /api/tickets/{id}: soft delete. The trigger of tickets releases what it blocked; restoring brings the ticket back,
-- and it blocks again unless it is resolved.
create function logic.delete_ticket(caller text, ticket text) returns jsonb language plpgsql as $$
declare
    access constant logic.ticket_access := logic.authorize_ticket(caller, ticket, 'member');
    tid constant text := access.ticket_id;
    row tickets;
begin
    perform logic.require_open_workflow(access.workflow_id);
    -- Its jobs are cancelled first, because job rows are locked before ticket rows.
    perform logic.cancel_job(caller, j.id, 'Its ticket was deleted.') from jobs j
      where j.ticket_id = tid and j.finished_at is null and j.deleted_at is null;
    row := logic.lock_ticket(tid);
    update tickets t set deleted_at = clock_timestamp() where t.id = tid and t.deleted_at is null;
    return jsonb_build_object('success', true, 'ticket_id', tid, 'message', format('Deleted TKT-%s.', row.number));
end
$$;

-- POST /api/tickets/{id}/restore: by id, or by key or number where the workflow is given.
create function logic.restore_ticket(caller text, ticket text, workflow text default null) returns jsonb language plpgsql as $$
declare
    row tickets;
begin
    select * into row from tickets t where t.id = ticket;
    if row.id is null and workflow is not null then
        select * into row from tickets t where t.workflow_id = workflow and t.number = logic.parse_ticket_number(ticket);
    end if;
    perform logic.authorize(caller, row.workflow_id, 'member', 'ticket ' || ticket);
    perform logic.require_open_workflow(row.workflow_id);
    update tickets t set deleted_at = null where t.id = row.id and t.deleted_at is not null;
    return jsonb_build_object('success', true, 'ticket_id', row.id, 'message', format('Restored TKT-%s.', row.number));
end
$$;

-- GET /api/workflows/{id}/deleted-tickets: tickets that can be restored, those deleted last first, in keyset pages. `archived`
-- ones were taken off their board by maintenance (logic.archive_completed_tickets).
create function logic.list_deleted_tickets(caller text, workflow text, max_rows int default 50, cursor text default null)
returns jsonb language plpgsql as $$
declare
    about constant jsonb := jsonb_build_array(workflow);
    -- [time, id]
    last_seen jsonb;
    answer jsonb;
begin
    perform logic.authorize(caller, workflow, 'viewer');
    last_seen := logic.read_cursor(cursor, 'deleted_tickets', about);
    with
    -- One row more than requested, to learn whether there are more.
    page as (
        select t.id, t.number, t.title, t.status, t.ticket_type, t.is_resolved, t.deleted_at,
               row_number() over (order by t.deleted_at desc, t.id) as place
          from tickets t
         where t.workflow_id = list_deleted_tickets.workflow and t.deleted_at is not null
           and (last_seen is null or t.deleted_at < (last_seen ->> 0)::timestamptz
                or (t.deleted_at = (last_seen ->> 0)::timestamptz and t.id > last_seen ->> 1))
         order by t.deleted_at desc, t.id
         limit max_rows + 1
    ),
    -- Who deleted each: the last such change in its history, as far as that is kept.
    ended as (
        select p.*, coalesce(h.on_behalf_of, h.actor_id) as agent_id, coalesce((h.metadata -> 'archived')::boolean, false) as archived
          from page p
          left join lateral (
              select h.actor_id, h.on_behalf_of, h.metadata from history h
               where h.ticket_id = p.id and h.change_type = 'deleted' order by h.seq desc limit 1) h on true
    )
    select jsonb_build_object('tickets', coalesce(jsonb_agg(jsonb_build_object(
               'ticket_id', e.id, 'key', 'TKT-' || e.number, 'number', e.number, 'title', e.title, 'status', e.status, 'ticket_type', e.ticket_type,
               'is_resolved', e.is_resolved, 'deleted_at', e.deleted_at, 'deleted_by', e.agent_id,
               'deleted_by_name', (select a.name from actors a where a.id = e.agent_id), 'archived', e.archived)
               order by e.place) filter (where e.place <= max_rows), '[]'))
           || logic.page_end(count(*), max_rows, 'deleted_tickets', about, jsonb_build_array(
               min(e.deleted_at) filter (where e.place = max_rows), min(e.id) filter (where e.place = max_rows)))
      into answer from ended e;
    return answer;
end
$$;
