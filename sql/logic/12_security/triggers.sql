-- The trail is append-only: only rows older than 30 days may go, and only by logic.prune_security_events.
-- Lock order: none besides the rows themselves.

create function logic.security_events_kept() returns trigger language plpgsql as $$
begin
    if tg_op = 'DELETE' and current_setting('callboard.prune_security_events', true) = 'on'
       and old.occurred_at < now() - interval '30 days' then
        return old;
    end if;
    perform logic.fail('forbidden', 'Security events are only added; retention removes them after 30 days or more.');
    return null;
end
$$;

create trigger security_events_kept before update or delete on security_events
    for each row execute function logic.security_events_kept();
create trigger security_events_not_truncated before truncate on security_events
    for each statement execute function logic.security_events_kept();
