-- Recording when findings begin and end. Servers call logic.update_findings; the triggers of `findings` write the events.

-- How many findings of one kind are open at a time, so that a neglected board does not flood its stream. Fewer than are read,
-- so that one does not end because others are older.
create function logic.max_open_findings() returns int language sql immutable parallel safe begin atomic select 100; end;

-- Ends the findings of a workflow that no longer hold and begins those that are new; returns the number of events.
create function logic.record_findings(workflow text) returns bigint language plpgsql as $$
declare
    found_now constant logic.finding[] := array(select (f.*)::logic.finding from logic.current_findings(workflow) f);
    ended bigint;
    begun bigint;
begin
    update findings f set closed_at = clock_timestamp()
     where f.workflow_id = record_findings.workflow and f.closed_at is null
       and not exists (select from unnest(found_now) n where n.kind = f.kind and n.subject = f.subject);
    get diagnostics ended = row_count;
    with
    -- Those that are not open, numbered by kind.
    fresh as (
        select found_now[i] as finding, i, row_number() over (partition by (found_now[i]).kind order by i) as nth
          from generate_subscripts(found_now, 1) i
         where not exists (select from findings f where f.workflow_id = record_findings.workflow and f.closed_at is null
                              and f.kind = (found_now[i]).kind and f.subject = (found_now[i]).subject)
    ),
    -- How many of each kind are open.
    held as (
        select f.kind, count(*) as n from findings f where f.workflow_id = record_findings.workflow and f.closed_at is null group by f.kind
    )
    insert into findings (id, workflow_id, kind, subject, ticket_id, agent_id, since, message, details)
    select logic.new_id('finding'), workflow, (n.finding).kind, (n.finding).subject, (n.finding).ticket_id, (n.finding).agent_id,
           (n.finding).since, (n.finding).message, logic.finding_json(workflow, n.finding)
      from fresh n
      left join held h on h.kind = (n.finding).kind
     where n.nth + coalesce(h.n, 0) <= logic.max_open_findings()
     order by n.i
    on conflict (workflow_id, kind, subject) where closed_at is null do nothing;
    get diagnostics begun = row_count;
    return ended + begun;
end
$$;

-- Looks for the findings of the workflow that has waited longest, if one is due, and records what changed. Returns the number
-- of workflows looked at: 0 or 1. Servers call this until it returns 0; a workflow that another one looks at is skipped. A
-- workflow without events is looked at less often: after a tenth of the time since the last one, at most ten minutes.
-- It also stores the workflow's past for reports. Lock order: the row of finding_checks, findings, the stream, the row of
-- reporting_progress.
create function logic.update_findings() returns bigint language plpgsql as $$
declare
    due finding_checks;
    workflow text;
    seq bigint;
    similarity double precision;
    more boolean := false;
    events bigint;
begin
    select c.* into due from finding_checks c where c.next_at <= clock_timestamp()
     order by c.next_at limit 1 for no key update skip locked;
    if due.stream_id is null then
        return 0;
    end if;
    select s.workflow_id, s.last_seq into workflow, seq from streams s where s.stream_id = due.stream_id;
    perform set_config('callboard.actor', 'system', true), set_config('callboard.on_behalf_of', '', true);
    similarity := (logic.finding_thresholds_of(workflow)).duplicate_similarity;
    if similarity > 0 then
        select c.until_time, c.until_ticket, c.more into due.compared_at, due.compared_ticket, more
          from logic.compare_changed_tickets(workflow, similarity, due.compared_at, due.compared_ticket) c;
    end if;
    -- While many tickets are compared, it comes back sooner only for those.
    if due.looked_at <= clock_timestamp() - interval '1 minute' then
        due.looked_at := clock_timestamp();
        -- Its own events are no reason to look again soon.
        events := logic.record_findings(workflow);
        if seq <> due.checked_seq then
            due.changed_at := clock_timestamp();
        end if;
        due.checked_seq := seq + events;
    end if;
    -- It comes back sooner while much of history is not stored yet.
    more := logic.refresh_reporting(workflow, 20000) >= 20000 or more;
    update finding_checks c set checked_seq = due.checked_seq, changed_at = due.changed_at, looked_at = due.looked_at,
        compared_at = due.compared_at, compared_ticket = due.compared_ticket,
        next_at = clock_timestamp() + case when more then interval '5 seconds'
            else least(greatest((clock_timestamp() - due.changed_at) / 10, interval '1 minute'), interval '10 minutes') end
     where c.stream_id = due.stream_id;
    return 1;
end
$$;

-- Removes findings that ended a month ago, and adds the first look of workflows that an older server created. Housekeeping.
create function logic.prune_findings() returns void language plpgsql as $$
begin
    delete from findings f where f.closed_at < now() - interval '30 days';
    insert into finding_checks (stream_id)
    select 'workflow:' || w.id from workflows w
     where not exists (select from finding_checks c where c.stream_id = 'workflow:' || w.id)
    on conflict do nothing;
end
$$;
