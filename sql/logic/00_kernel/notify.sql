-- Wake-ups of the relays by NOTIFY.

-- Whether this transaction must notify: a relay has stopped polling, or this snapshot is too old to know. A relay renews
-- its mark every few seconds; the mark of a crashed one expires after a minute, and a relay that was delayed for so
-- long polls anyway.
create function logic.must_notify() returns boolean language sql volatile
begin atomic
    select current_setting('transaction_isolation') <> 'read committed'
        or exists (select from relays r where r.asleep and r.seen_at > now() - interval '1 minute');
end;

-- Wakes the relays for events other than status changes.
create function logic.notify_relay() returns void language plpgsql as $$
begin
    if logic.must_notify() then
        perform pg_notify('callboard', '');
    end if;
end
$$;

-- Notifies of one status change, with ids only, so that any client can LISTEN. The setting notify_status_changes =
-- "gated" restricts these notifications to relays that need waking.
create function logic.notify_status_change(workflow text, ticket text, seq bigint, old_status text, new_status text)
returns void language plpgsql as $$
begin
    if (select s.value from settings s where s.key = 'notify_status_changes') is distinct from '"gated"' or logic.must_notify() then
        perform pg_notify('callboard', json_build_object('workflow_id', workflow, 'ticket_id', ticket,
            'seq', seq, 'from', old_status, 'to', new_status)::text);
    end if;
end
$$;
