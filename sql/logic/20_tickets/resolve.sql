-- Resolving a ticket.

-- The column that resolving moves a ticket to: the one it is in if that is a done column, else the first done
-- column; null if the board has none.
create function logic.resolution_column(ticket tickets) returns text language sql stable
begin atomic
    select c.id from board_columns c where c.workflow_id = (ticket).workflow_id and c.category = 'done'
     order by c.id <> (ticket).status, c.position, c.id limit 1;
end;

-- POST /api/tickets/resolve: moves the ticket to a done column, with a comment. The trigger of tickets releases
-- what it blocked; the answer lists the released tickets. `cancel_jobs` says which of its jobs end with it: queued
-- (default), all, none.
create function logic.resolve_ticket(
    caller text, ticket text, resolution_comment text, commit_sha text default null, git jsonb default null, cancel_jobs text default null
) returns jsonb language plpgsql as $$
declare
    access constant logic.ticket_access := logic.authorize_ticket(caller, ticket, 'member');
    workflow constant text := access.workflow_id;
    row tickets;
    blockers text[];
    dependents text[];
    done_column text;
    cancelled text[];
    kept text;
begin
    perform logic.require_open_workflow(workflow);
    perform logic.check_min_length('resolution_comment', resolution_comment, 10);
    -- Job rows are locked before the stream and tickets.
    cancelled := logic.cancel_jobs_of_ticket(caller, access.ticket_id, cancel_jobs);
    -- Several tickets change, so the stream is locked first.
    perform logic.lock_workflow_stream(workflow);
    row := logic.lock_ticket(access.ticket_id);
    blockers := array(select k.blocked_by_ticket_id from logic.active_blockers k where k.ticket_id = row.id order by 1);
    if cardinality(blockers) > 0 then
        perform logic.fail('blocked', logic.blocked_message(row, blockers),
            jsonb_build_object('blocked', true, 'blocking_ticket_ids', blockers));
    end if;
    dependents := array(select k.ticket_id from logic.active_blockers k where k.blocked_by_ticket_id = row.id order by 1);
    done_column := coalesce(logic.resolution_column(row), row.status);
    if row.is_resolved and row.status = done_column then
        kept := logic.keep_comment_and_commit(access.who, row, resolution_comment, 'resolution', 'resolution_comment', commit_sha, git);
        return jsonb_build_object('success', true, 'ticket_id', row.id,
            'message', format('TKT-%s is resolved already%s.', row.number, coalesce('; ' || kept, '')),
            'unblocked_tickets', '[]'::jsonb, 'cancelled_jobs', cancelled, 'status', row.status,
            'version', (select t.version from tickets t where t.id = row.id));
    end if;
    perform logic.require_reviewed(row);
    update tickets t set
        status = done_column, rank = case when done_column <> t.status then logic.rank_at_end(t.number) else t.rank end,
        is_resolved = true, resolved_at = coalesce(t.resolved_at, clock_timestamp()), completed_at = coalesce(t.completed_at, clock_timestamp())
     where t.id = row.id;
    perform logic.insert_comment(access.who, row.id, workflow, resolution_comment, 'resolution', field => 'resolution_comment');
    if commit_sha is not null then
        perform logic.insert_commit(access.who, row.id, workflow, commit_sha, git);
    end if;
    return jsonb_build_object('success', true, 'ticket_id', row.id,
        'message', concat_ws(' ', format('Resolved TKT-%s.', row.number),
            case cardinality(dependents) when 0 then null when 1 then 'One ticket is no longer blocked by it.'
                else format('%s tickets are no longer blocked by it.', cardinality(dependents)) end,
            case cardinality(cancelled) when 0 then null when 1 then 'One job of it was cancelled.'
                else format('%s jobs of it were cancelled.', cardinality(cancelled)) end),
        'unblocked_tickets', dependents, 'cancelled_jobs', cancelled, 'status', done_column,
        'version', (select t.version from tickets t where t.id = row.id));
end
$$;
