-- Claiming the next ready ticket.

-- The first ready ticket of a workflow, its row locked; rows that other claims have locked are skipped. One look into the index of
-- open tickets for each priority and column, so that neither tickets that are done nor those behind the first are read; without
-- `enable_sort`, also by a plan that was made when there were few.
create function logic.lock_next_ticket(workflow text, ticket_types text[], tags text[], priorities text[]) returns tickets language plpgsql
set enable_sort = off as $$
declare
    place record;
    picked tickets;
begin
    for place in
        select c.id as status, p.priority
          from unnest('{critical,high,medium,low}'::text[]) with ordinality p (priority, urgency)
         cross join board_columns c
         where c.workflow_id = lock_next_ticket.workflow and c.category = 'todo'
           and (priorities is null or p.priority = any (priorities))
         order by p.urgency, c.position desc
    loop
        select t.* into picked
          from tickets t
         where t.workflow_id = lock_next_ticket.workflow and t.status = place.status and t.priority = place.priority
           and logic.is_live(t) and not t.is_resolved and t.assigned_agent_id is null
           and coalesce(t.approval_status, 'approved') = 'approved'
           and not exists (select from logic.active_blockers k where k.ticket_id = t.id)
           and (ticket_types is null or t.ticket_type = any (ticket_types))
           and (lock_next_ticket.tags is null or t.tags && lock_next_ticket.tags)
         order by t.rank, t.number
         limit 1
           for no key update of t skip locked;
        exit when picked.id is not null;
    end loop;
    return picked;
end
$$;

-- POST /api/tickets/claim: takes the first ready ticket (unblocked, unassigned, in a todo column; by priority,
-- then order), assigns it to the caller and moves it to the first active column. Concurrent callers get
-- different tickets (skip locked). `ticket` is null if none is ready. With `lease_seconds` the claim ends when the agent
-- neither changes nor reads the ticket for so long.
create function logic.claim_ticket(
    caller text, workflow text, ticket_types text[] default null, tags text[] default null, priorities text[] default null,
    lease_seconds double precision default null
) returns jsonb language plpgsql as $$
declare
    who logic.principal := logic.authorize(caller, workflow, 'member');
    target text;
    picked tickets;
begin
    perform logic.require_open_workflow(workflow);
    -- An administrator who is no member may not be assigned either.
    if logic.is_person(logic.effective_actor_id(who)) and not exists (
        select from workflow_members m where m.workflow_id = claim_ticket.workflow and m.actor_id = logic.effective_actor_id(who)) then
        perform logic.fail('forbidden', 'Only members of the workflow may claim its tickets; add yourself as a member first.');
    end if;
    -- Invalid input is rejected whether a ticket is ready or not.
    lease_seconds := logic.ticket_lease_seconds(lease_seconds);
    -- Claims respect the WIP limit under every policy: a full column gets no more work.
    select c.id into target from board_columns c
     where c.workflow_id = workflow and c.category = 'active' order by c.position, c.id limit 1;
    if target is not null then
        perform 1 from board_columns c where c.workflow_id = workflow and c.id = target and c.wip_limit is not null for no key update;
        if (select c.wip_limit <= (select count(*) from tickets t where t.workflow_id = c.workflow_id and t.status = c.id and logic.is_live(t))
              from board_columns c where c.workflow_id = workflow and c.id = target and c.wip_limit is not null) then
            return jsonb_build_object('success', true, 'ticket_id', null, 'ticket', null,
                'message', format('The column %s is full; finish something first.', target));
        end if;
    end if;
    picked := logic.lock_next_ticket(workflow, ticket_types, claim_ticket.tags, priorities);
    if picked.id is null then
        return jsonb_build_object('success', true, 'ticket_id', null, 'ticket', null, 'message', 'No ticket is ready.');
    end if;
    update tickets t set assigned_agent_id = logic.effective_actor_id(who), status = coalesce(target, t.status),
        rank = case when target is null then t.rank else logic.rank_at_end(t.number) end
     where t.id = picked.id;
    perform logic.insert_ticket_claim(picked, logic.effective_actor_id(who), lease_seconds);
    return jsonb_build_object('success', true, 'ticket_id', picked.id, 'message', format('Claimed TKT-%s.', picked.number),
        'lease_expires_at', (select c.expires_at from ticket_claims c where c.ticket_id = picked.id),
        'ticket', (select to_jsonb(c) || jsonb_build_object('description', picked.description) from logic.cards c where c.ticket_id = picked.id));
end
$$;
