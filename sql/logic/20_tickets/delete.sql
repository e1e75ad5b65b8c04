-- Deleting and restoring tickets.

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

-- POST /api/tickets/{id}/restore
create function logic.restore_ticket(caller text, ticket text) returns jsonb language plpgsql as $$
declare
    row tickets;
begin
    select * into row from tickets t where t.id = ticket;
    perform logic.authorize(caller, row.workflow_id, 'member', 'ticket ' || ticket);
    perform logic.require_open_workflow(row.workflow_id);
    update tickets t set deleted_at = null where t.id = ticket and t.deleted_at is not null;
    return jsonb_build_object('success', true, 'ticket_id', ticket, 'message', format('Restored TKT-%s.', row.number));
end
$$;
