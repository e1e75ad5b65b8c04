-- Authorizing access to a ticket, locking it, and whether it may be changed. Every change begins here.

-- A ticket that is not deleted, and where it is. `is_closed`: its workflow is archived or has ticket tracking off. Looked up,
-- not joined, because for few workflows the planner would hash them all for one ticket.
create view logic.ticket_places as
select t.id as ticket_id, t.workflow_id, t.number, t.status, t.merged_into_ticket_id,
       (select w.archived_at is not null or not w.ticket_tracking from workflows w where w.id = t.workflow_id) as is_closed
  from tickets t
 where t.deleted_at is null;

-- The caller that was checked, and the ticket it may access, as it was found before any lock.
create type logic.ticket_access as (
    who logic.principal, ticket_id text, workflow_id text, number bigint, status text, is_closed boolean
);

-- Finds a ticket by id, or by key or number inside a workflow, and checks that the caller holds `required` in
-- its workflow. A merged ticket can be read, not changed. Takes no lock.
create function logic.authorize_ticket_for(who logic.principal, ticket text, required text, workflow text default null)
returns logic.ticket_access language plpgsql as $$
declare
    place logic.ticket_places;
begin
    select * into place from logic.ticket_places p where p.ticket_id = ticket;
    if place.ticket_id is null and workflow is not null then
        select * into place from logic.ticket_places p
         where p.workflow_id = workflow and p.number = logic.parse_ticket_number(ticket);
    end if;
    who := logic.authorize_principal(who, place.workflow_id, required, 'ticket ' || coalesce(ticket, ''));
    if required = 'viewer' then
        -- A read extends a claim here, a change where history is written: the row of a claim is locked last.
        perform logic.renew_ticket_claims(array[place.ticket_id], logic.effective_actor_id(who));
    elsif place.merged_into_ticket_id is not null then
        perform logic.require_not_merged(array[place.ticket_id]);
    end if;
    return (who, place.ticket_id, place.workflow_id, place.number, place.status, place.is_closed)::logic.ticket_access;
end
$$;

-- The same for a caller that is not identified yet. The usual change, of a ticket given by id and without an agent acted for,
-- takes one statement, which looks up caller, membership and ticket together.
create function logic.authorize_ticket(caller text, ticket text, required text, workflow text default null)
returns logic.ticket_access language plpgsql as $$
declare
    credential constant jsonb := logic.parse_caller(caller);
    access logic.ticket_access;
    noted text;
    allowed boolean;
begin
    if required <> 'viewer' and credential ->> 'for' is null then
        select (p.actor_id, null, p.kind, p.is_admin, p.scopes, case when p.is_admin then 'owner' else (
                    select m.role from workflow_members m where m.workflow_id = t.workflow_id and m.actor_id = p.actor_id) end,
                p.trusted, p.strict_names)::logic.principal,
               t.ticket_id, t.workflow_id, t.number, t.status, t.is_closed
          into access
          from logic.find_principal(credential, left(caller, 1) <> '{') p
          join logic.ticket_places t on t.ticket_id = ticket and t.merged_into_ticket_id is null;
    end if;
    if access.ticket_id is null then
        return logic.authorize_ticket_for(logic.identify_caller(caller), ticket, required, workflow);
    end if;
    noted := set_config('callboard.credential', caller, true);
    allowed := logic.require_role(access.who, access.workflow_id, required, 'ticket ' || ticket);
    return access;
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

-- Locks tickets of a workflow whose moves are to share a transaction. It waits for none and returns those it got: none if the
-- board enforces WIP limits, because a move locks its column before its ticket there.
create function logic.lock_tickets_of_group(workflow text, tickets text[]) returns text[] language sql volatile
begin atomic
    with
    -- In one order, as everywhere.
    locked as (
        select t.id from tickets t
         where t.id = any (lock_tickets_of_group.tickets) and t.workflow_id = workflow
           and not exists (select from boards b where b.workflow_id = workflow and b.wip_policy = 'refuse')
         order by t.id
           for no key update skip locked
    )
    select coalesce(array_agg(l.id), '{}') from locked l;
end;

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
