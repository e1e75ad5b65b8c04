-- Claims of tickets: who works on a claimed ticket, leases, and tickets whose agent has gone silent.

-- The length of a ticket's lease: 5 seconds to a day; null for none.
create function logic.ticket_lease_seconds(seconds double precision) returns double precision language plpgsql immutable as $$
begin
    if seconds is not null and not (seconds between 5 and 86400) then
        perform logic.fail_invalid('lease_seconds', 'must be between 5 and 86400');
    end if;
    return seconds;
end
$$;

-- Writes the claim of a ticket that was just assigned. `picked` is the ticket as it was before.
create function logic.insert_ticket_claim(picked tickets, agent text, lease_seconds double precision) returns void language sql
begin atomic
    insert into ticket_claims (ticket_id, workflow_id, agent_id, claimed_from, lease_seconds, expires_at)
    values ((picked).id, (picked).workflow_id, agent, (picked).status, lease_seconds,
            clock_timestamp() + make_interval(secs => lease_seconds))
    on conflict (ticket_id) do update set agent_id = excluded.agent_id, claimed_from = excluded.claimed_from,
        claimed_at = excluded.claimed_at, seen_at = excluded.seen_at, lease_seconds = excluded.lease_seconds, expires_at = excluded.expires_at;
end;

-- Rejects the repetition of a claim that has ended, so that nobody starts on a ticket that another agent may hold.
create function logic.require_claimed_ticket(claim jsonb) returns void language plpgsql as $$
begin
    if claim ->> 'ticket_id' is not null and not exists (
        select from ticket_claims c
         where c.ticket_id = claim ->> 'ticket_id' and c.agent_id = claim -> 'ticket' ->> 'assigned_agent_id'
           and coalesce(c.expires_at > clock_timestamp(), true)) then
        perform logic.fail('lease_lost', 'The claim of this ticket has ended; claim again with a new Idempotency-Key.',
            jsonb_build_object('ticket_id', claim -> 'ticket_id'));
    end if;
end
$$;

-- Notes that an agent is alive: extends the claims that it holds among the tickets it changed or read. A claim is written at
-- most once in a tenth of its lease (without one, in ten seconds), so that busy agents do not rewrite it all the time.
-- The row of a claim is the last lock of a transaction.
create function logic.renew_ticket_claims(tickets text[], agent text) returns void language plpgsql as $$
begin
    if current_setting('transaction_read_only') = 'on' then
        return;
    end if;
    -- Every change and read of a ticket calls this, and few are of claimed tickets: looking costs a fifth of an update.
    if exists (select from ticket_claims c where c.ticket_id = any (renew_ticket_claims.tickets) and c.agent_id = renew_ticket_claims.agent) then
        update ticket_claims c set seen_at = clock_timestamp(), expires_at = clock_timestamp() + make_interval(secs => c.lease_seconds)
         where c.ticket_id = any (renew_ticket_claims.tickets) and c.agent_id = renew_ticket_claims.agent
           and c.seen_at < clock_timestamp() - make_interval(secs => least(coalesce(c.lease_seconds, 100), 100) / 10);
    end if;
end
$$;

-- A ticket's claim as its details show it; null if the ticket was not claimed.
create function logic.ticket_claim_json(ticket text) returns jsonb language sql stable
begin atomic
    select jsonb_build_object('agent_id', c.agent_id, 'claimed_at', c.claimed_at, 'seen_at', c.seen_at,
                              'lease_seconds', c.lease_seconds, 'lease_expires_at', c.expires_at)
      from ticket_claims c where c.ticket_id = ticket_claim_json.ticket;
end;

-- Whether a ticket's agent has done nothing about it for so many minutes: no change, no read of a claimed ticket, no job under
-- way. Resolved tickets, those of people and unassigned ones are never silent.
create function logic.is_silent(ticket text, minutes double precision) returns boolean language sql stable
begin atomic
    select exists (
        select from tickets t
          join actors a on a.id = t.assigned_agent_id and a.kind <> 'user'
         where t.id = is_silent.ticket and not t.is_resolved
           and not exists (select from ticket_claims c where c.ticket_id = t.id and c.seen_at > now() - make_interval(secs => minutes * 60))
           and not exists (select from jobs j where j.ticket_id = t.id and j.lease_expires_at > now())
           and not exists (
                select from history h
                 where h.ticket_id = t.id and h.changed_at > now() - make_interval(secs => minutes * 60)
                   and (coalesce(h.on_behalf_of, h.actor_id) = t.assigned_agent_id or h.change_type in ('assigned', 'created'))));
end;

-- Takes tickets back whose lease expired: unassigned, in the column they were claimed from (or the board's first), and
-- history says why. A ticket that is locked now, or that a job works on, is left to a later call. Servers call this every
-- second. Returns the number of tickets.
create function logic.expire_ticket_leases(max_tickets bigint default 100) returns bigint language plpgsql as $$
declare
    lost record;
    back text;
    expired bigint := 0;
begin
    for lost in
        select c.agent_id, c.seen_at, c.claimed_from, t as ticket
          from ticket_claims c join tickets t on t.id = c.ticket_id
         where c.expires_at <= clock_timestamp()
           and not exists (select from jobs j where j.ticket_id = t.id and j.lease_expires_at > clock_timestamp())
         order by c.expires_at limit max_tickets for no key update of t skip locked
    loop
        -- The agent may have extended it since.
        continue when not exists (select from ticket_claims c where c.ticket_id = (lost.ticket).id and c.expires_at <= clock_timestamp());
        expired := expired + 1;
        back := case when lost.claimed_from <> (lost.ticket).status
                      and (select k.category from board_columns k where k.workflow_id = (lost.ticket).workflow_id and k.id = (lost.ticket).status) = 'active'
            then coalesce((select k.id from board_columns k where k.workflow_id = (lost.ticket).workflow_id and k.id = lost.claimed_from and k.category <> 'done'),
                          (select k.id from board_columns k where k.workflow_id = (lost.ticket).workflow_id and k.category = 'todo' order by k.position, k.id limit 1)) end;
        perform set_config('callboard.actor', 'system', true), set_config('callboard.on_behalf_of', '', true);
        perform logic.record_changes(array[(
            (lost.ticket).workflow_id, (lost.ticket).id, 'lease_expired', 'assigned_agent_id', lost.agent_id, null,
            format('The lease of %s expired: it was last active at %s.', lost.agent_id,
                   to_char(lost.seen_at at time zone 'UTC', 'YYYY-MM-DD HH24:MI:SS "UTC"')),
            jsonb_build_object('agent_id', lost.agent_id, 'seen_at', lost.seen_at, 'changes', '{}'::jsonb), null, null)::logic.change]);
        -- The trigger of tickets ends the claim.
        update tickets t set assigned_agent_id = null, status = coalesce(back, t.status),
            rank = case when back is null then t.rank else logic.rank_at_end(t.number) end
         where t.id = (lost.ticket).id and t.assigned_agent_id = lost.agent_id;
        delete from ticket_claims c where c.ticket_id = (lost.ticket).id;
    end loop;
    return expired;
end
$$;

-- Ends what agents hold that may no longer act, in a workflow or everywhere: their claims of tickets and jobs expire now, so
-- that the work returns to its queue with the next look of a server.
create function logic.end_claims_of(agents text[], workflow text default null) returns void language plpgsql as $$
begin
    update jobs j set lease_expires_at = clock_timestamp()
     where j.claimed_by = any (agents) and j.lease_expires_at > clock_timestamp()
       and (end_claims_of.workflow is null or j.workflow_id = end_claims_of.workflow);
    update ticket_claims c set expires_at = clock_timestamp()
     where c.agent_id = any (agents) and (end_claims_of.workflow is null or c.workflow_id = end_claims_of.workflow);
end
$$;
