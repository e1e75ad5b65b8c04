-- Authorizing access to a ticket, locking it, and whether it may be changed. Every change begins here.

-- The caller that was checked, and the ticket it may access.
create type logic.ticket_access as (who logic.principal, ticket_id text, workflow_id text);

-- Finds a ticket by id, or by key or number inside a workflow, and checks that the caller holds `required` in
-- its workflow. A merged ticket can be read, not changed. Takes no lock.
create function logic.authorize_ticket_for(who logic.principal, ticket text, required text, workflow text default null)
returns logic.ticket_access language plpgsql as $$
declare
    access logic.ticket_access;
begin
    select t.id, t.workflow_id into access.ticket_id, access.workflow_id from tickets t where t.id = ticket and t.deleted_at is null;
    if access.ticket_id is null and workflow is not null and ticket ~* '^(tkt-|#)?[0-9]{1,15}$' then
        select t.id, t.workflow_id into access.ticket_id, access.workflow_id from tickets t
         where t.workflow_id = workflow and t.number = regexp_replace(ticket, '[^0-9]', '', 'g')::bigint and t.deleted_at is null;
    end if;
    access.who := logic.authorize_principal(who, access.workflow_id, required, 'ticket ' || coalesce(ticket, ''));
    if required <> 'viewer' then
        perform logic.require_not_merged(array[access.ticket_id]);
    else
        -- A read extends a claim here, a change where history is written: the row of a claim is locked last.
        perform logic.renew_ticket_claims(array[access.ticket_id], logic.effective_actor_id(access.who));
    end if;
    return access;
end
$$;

-- The same for a caller that is not identified yet.
create function logic.authorize_ticket(caller text, ticket text, required text, workflow text default null)
returns logic.ticket_access language plpgsql as $$
begin
    return logic.authorize_ticket_for(logic.identify_caller(caller), ticket, required, workflow);
end
$$;

-- Rejects a change of a merged ticket; its discussion continues on the original.
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

-- Locks a ticket against other writers until the end of the transaction. Fails if it was deleted or merged
-- before the lock was granted.
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

-- Rejects moving or assigning a ticket whose review is pending or was rejected.
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
