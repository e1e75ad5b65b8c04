-- Single-use tickets that open a WebSocket.

-- A single-use ticket that opens a WebSocket as the caller within 30 seconds.
create function logic.issue_ws_ticket(caller text, ticket bytea, credential_end timestamptz) returns jsonb language plpgsql as $$
declare
    who logic.principal := logic.identify_caller(caller);
begin
    insert into ws_tickets (ticket_hash, actor_id, session_id, api_key_id, credential_expires_at, expires_at)
    values (ticket, who.actor_id, logic.credential_field(caller, 'session'), logic.credential_field(caller, 'key'), credential_end,
            now() + interval '30 seconds');
    return '30';
end
$$;

-- Redeems a ticket: its actor and credential, or null.
create function logic.redeem_ws_ticket(ticket bytea) returns jsonb language sql volatile
begin atomic
    update ws_tickets set used_at = now()
     where ticket_hash = ticket and used_at is null and expires_at > now()
    returning jsonb_build_object('actor', actor_id, 'session', session_id, 'key', api_key_id, 'expires_at', credential_expires_at);
end;
