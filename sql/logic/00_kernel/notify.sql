-- Wake-ups of the relays by NOTIFY.

-- Whether this transaction must notify: a relay has stopped polling, or this snapshot is too old to know. A relay renews
-- its mark every few seconds; the mark of a crashed one expires after a minute, and a relay that was delayed for so
-- long polls anyway.
create function logic.must_notify() returns boolean language plpgsql as $$
begin
    return current_setting('transaction_isolation') <> 'read committed'
        or exists (select from relays r where r.asleep and r.seen_at > now() - interval '1 minute');
end
$$;

-- Wakes the relays for events other than status changes.
create function logic.notify_relay() returns void language plpgsql as $$
begin
    if logic.must_notify() then
        perform pg_notify('callboard', '');
    end if;
end
$$;

-- Whether the setting notify_status_changes = "gated" restricts notifications of status changes to relays that need waking.
create view logic.status_change_gate as
select s.value = '"gated"' as gated from settings s where s.key = 'notify_status_changes';

-- Notifies of one status change, with ids only, so that any client can LISTEN. `gated` is what the view above says. Returns
-- whether it notified.
create function logic.notify_status_change(workflow text, ticket text, seq bigint, old_status text, new_status text, gated boolean)
returns boolean language plpgsql as $$
begin
    if gated and not logic.must_notify() then
        return false;
    end if;
    -- An expression costs half of a statement.
    return pg_notify('callboard', json_build_object('workflow_id', workflow, 'ticket_id', ticket,
        'seq', seq, 'from', old_status, 'to', new_status)::text) is not null;
end
$$;
