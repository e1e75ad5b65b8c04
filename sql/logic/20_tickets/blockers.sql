-- Blockers of a ticket.

-- Replaces the blockers of a ticket; returns whether anything changed. Edges whose blocker is resolved or deleted are not in
-- the list that clients read, so they stay unless the list is empty. The ticket's row is locked.
create function logic.replace_blockers(ticket text, workflow text, given text[]) returns boolean language plpgsql as $$
declare
    wanted text[];
    changed boolean := false;
begin
    perform logic.check_list_limits('blocked_by_ticket_ids', given, 200, 200);
    wanted := logic.resolve_ticket_ids(workflow, 'blocked_by_ticket_ids', given,
        kept => array(select k.blocked_by_ticket_id from ticket_blockers k where k.ticket_id = replace_blockers.ticket));
    if ticket = any (wanted) then
        perform logic.fail_invalid('blocked_by_ticket_ids', 'must not name the ticket itself');
    end if;
    -- The stream before edges, as where a resolution releases them.
    perform logic.lock_workflow_stream(workflow);
    delete from ticket_blockers k where k.ticket_id = ticket and not k.blocked_by_ticket_id = any (wanted)
       and (k.released_at is null or cardinality(wanted) = 0);
    changed := found;
    -- An edge that was left released because it closed a cycle is made again, which looks for cycles.
    delete from ticket_blockers k using tickets b
     where k.ticket_id = ticket and k.blocked_by_ticket_id = any (wanted) and k.released_at is not null
       and b.id = k.blocked_by_ticket_id and logic.is_open(b);
    insert into ticket_blockers (ticket_id, blocked_by_ticket_id, workflow_id)
    select ticket, w, workflow from unnest(wanted) w
    on conflict do nothing;
    return changed or found;
end
$$;

-- POST /api/tickets/set-blockers
create function logic.set_blockers(caller text, ticket text, blocked_by_ticket_ids text[]) returns jsonb language plpgsql as $$
declare
    tid constant text := (logic.authorize_ticket(caller, ticket, 'member')).ticket_id;
    row tickets;
begin
    row := logic.lock_ticket(tid);
    perform logic.require_open_workflow(row.workflow_id);
    perform logic.replace_blockers(tid, row.workflow_id, blocked_by_ticket_ids);
    return jsonb_build_object('success', true, 'ticket_id', tid, 'message', 'Set the blockers.',
        'blocked_by_ticket_ids', (select c.blocked_by_ticket_ids from logic.cards c where c.ticket_id = tid));
end
$$;
