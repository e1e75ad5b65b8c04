-- Tickets: finding one, holding it, and whether it may be changed. Every change begins here.

-- Finds a ticket by id, or by key or number inside a workflow, and authorizes. To a stranger it looks
-- absent. One that was merged can be read, not changed. Does not lock. Answers the id.
create function logic.authorize_ticket(caller text, ticket text, required text, workflow text default null) returns text language plpgsql as $$
declare
    found_id text;
    found_workflow text;
begin
    select t.id, t.workflow_id into found_id, found_workflow from tickets t where t.id = ticket and t.deleted_at is null;
    if found_id is null and workflow is not null and ticket ~* '^(tkt-|#)?[0-9]{1,15}$' then
        select t.id, t.workflow_id into found_id, found_workflow from tickets t
         where t.workflow_id = workflow and t.number = regexp_replace(ticket, '[^0-9]', '', 'g')::bigint and t.deleted_at is null;
    end if;
    perform logic.authorize(caller, found_workflow, required, 'ticket ' || coalesce(ticket, ''));
    if required <> 'viewer' then
        perform logic.require_not_merged(array[found_id]);
    end if;
    return found_id;
end
$$;

-- Refuses a change of a ticket that was merged: what was said about it goes on with its original.
create function logic.require_not_merged(tickets text[]) returns void language plpgsql as $$
declare
    merged record;
begin
    select t.number, o.id as into_id, o.number as into_number into merged
      from tickets t join tickets o on o.id = t.merged_into_ticket_id
     where t.id = any (require_not_merged.tickets) limit 1;
    if found then
        perform logic.fail('conflict', format('TKT-%s was merged into TKT-%s; change that one, or take the merge back first.',
                merged.number, merged.into_number),
            jsonb_build_object('merged_into_ticket_id', merged.into_id));
    end if;
end
$$;

-- Holds a ticket against other writers until the end of the transaction. One that was deleted while we
-- waited for it is not there any more, and one that was merged is closed.
create function logic.lock_ticket(ticket text) returns tickets language plpgsql as $$
declare
    row tickets;
begin
    select * into row from tickets t where t.id = ticket for no key update;
    if row.deleted_at is not null then
        perform logic.fail('not_found', format('There is no ticket %s.', ticket));
    end if;
    if row.merged_into_ticket_id is not null then
        perform logic.require_not_merged(array[ticket]);
    end if;
    return row;
end
$$;

-- Refuses to move or hand out a ticket that people have to look at first, or have turned down.
create function logic.require_reviewed(ticket tickets) returns void language plpgsql immutable as $$
begin
    if (ticket).approval_status in ('pending_review', 'rejected') then
        perform logic.fail('review_pending', case (ticket).approval_status
                when 'rejected' then format('TKT-%s was rejected; it stays where it is until another review approves it.', (ticket).number)
                else format('TKT-%s waits for review; it stays where it is until it is approved.', (ticket).number) end,
            jsonb_build_object('ticket_id', (ticket).id, 'approval_status', (ticket).approval_status));
    end if;
end
$$;
