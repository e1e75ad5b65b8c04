-- Events that a receiver refuses. One that was refused as often as the webhook allows is set aside, and later ones are
-- delivered. Owners send it again or discard it.
-- Lock order: the webhook row, then the stream.

-- Whether a status means that the receiver refuses this event and not that it is unwell: 4xx, except timeouts, conflicts of
-- time and rate limits (408, 425, 429), and 410, which ends the webhook.
create function logic.is_refusal(status_code bigint) returns boolean language sql immutable
begin atomic
    select coalesce(status_code between 400 and 499 and status_code not in (408, 410, 425, 429), false);
end;

-- Sets the refused event aside and moves the cursor past it. A receiver that refused 20 events in a row refuses everything:
-- its webhook is disabled, with those events kept. A webhook keeps its newest 1,000 events.
create function logic.set_event_aside(webhook webhooks, seq bigint, message_id text, event_type text, status_code bigint, error text)
returns void language plpgsql as $$
declare
    stopped constant boolean := webhook.refused_in_a_row + 1 >= 20;
begin
    insert into webhook_dead_letters (id, webhook_id, workflow_id, message_id, event_type, seq, attempts, status_code, error)
    values (logic.new_id('letter'), webhook.id, webhook.workflow_id, message_id, event_type, set_event_aside.seq, webhook.attempt + 1, status_code, left(error, 500))
    on conflict on constraint webhook_dead_letters_once do nothing;
    delete from webhook_dead_letters d where d.webhook_id = webhook.id and d.id <= (
        select o.id from webhook_dead_letters o where o.webhook_id = webhook.id order by o.id desc offset 1000 limit 1);
    update webhooks w set last_seq = greatest(w.last_seq, set_event_aside.seq), attempt = 0, failing_since = null,
           refused_in_a_row = w.refused_in_a_row + 1, not_before = clock_timestamp(), lease_token = null, lease_expires_at = null,
           active = w.active and not stopped,
           disabled_reason = case when w.active and stopped
               then format('the receiver refused 20 events in a row; the last answer: %s', error) else w.disabled_reason end
     where w.id = webhook.id;
end
$$;

-- A dead letter as owners see it.
create function logic.dead_letter_json(letter webhook_dead_letters) returns jsonb language sql stable
begin atomic
    select jsonb_build_object('dead_letter_id', letter.id, 'webhook_id', letter.webhook_id, 'message_id', letter.message_id,
        'event_type', letter.event_type, 'seq', letter.seq, 'attempts', letter.attempts, 'status_code', letter.status_code,
        'error', letter.error, 'created_at', letter.created_at);
end;

-- GET /api/webhooks/{id}/dead-letters: newest first, in keyset pages.
create function logic.list_dead_letters(caller text, webhook text, max_rows int, cursor text default null) returns jsonb language plpgsql as $$
declare
    held constant webhooks := (logic.authorize_webhook(caller, webhook)).webhook;
    about constant jsonb := jsonb_build_array(webhook);
    last_seen constant jsonb := logic.read_cursor(cursor, 'dead_letters', about);
    answer jsonb;
begin
    with
    -- One row more than requested, to learn whether there are more.
    page as (
        select d as letter, row_number() over (order by d.id desc) as place
          from webhook_dead_letters d where d.webhook_id = held.id and (last_seen is null or d.id < (last_seen ->> 0) collate "C")
         order by d.id desc limit max_rows + 1
    )
    select jsonb_build_object(
        'dead_letters', coalesce(jsonb_agg(logic.dead_letter_json(p.letter) order by p.place) filter (where p.place <= max_rows), '[]'))
        || logic.page_end(count(*), max_rows, 'dead_letters', about, jsonb_build_array(max((p.letter).id) filter (where p.place = max_rows)))
      into answer from page p;
    return answer;
end
$$;

-- A dead letter of a webhook, if the caller owns its workflow.
create function logic.find_dead_letter(webhook webhooks, letter text) returns webhook_dead_letters language plpgsql as $$
declare
    found_letter webhook_dead_letters;
begin
    select * into found_letter from webhook_dead_letters d where d.id = letter and d.webhook_id = webhook.id;
    if found_letter.id is null then
        perform logic.fail('not_found', format('There is no dead letter %s of this webhook.', letter));
    end if;
    return found_letter;
end
$$;

-- For POST /api/webhooks/{id}/dead-letters/{letter}/replay: what the request needs, with the event from history. Only the
-- server sees the result. `message_id` is the same as before, so that a receiver recognises a repeat.
create function logic.get_replay_target(caller text, webhook text, letter text) returns jsonb language plpgsql as $$
declare
    target constant jsonb := logic.get_webhook_target(caller, webhook);
    held webhooks;
    found_letter webhook_dead_letters;
    event jsonb;
begin
    select * into held from webhooks w where w.id = webhook;
    found_letter := logic.find_dead_letter(held, letter);
    select to_jsonb(h) || jsonb_build_object('metadata', logic.event_data(h.change_type, h.new_value, h.metadata), 'prev', h.seq - 1) into event
      from history h where h.stream_id = 'workflow:' || held.workflow_id and h.seq = found_letter.seq;
    if event is null then
        perform logic.fail('gone', 'The event is no longer kept, so it cannot be sent again; discard it.');
    end if;
    return target || jsonb_build_object('event', event, 'message_id', found_letter.message_id, 'attempt', found_letter.attempts);
end
$$;

-- Claims a dead letter for a minute, which is longer than a request takes, so that two do not send it at once.
create function logic.begin_replay(webhook text, letter text) returns void language plpgsql as $$
begin
    update webhook_dead_letters d set replaying_until = clock_timestamp() + interval '1 minute'
     where d.id = letter and d.webhook_id = begin_replay.webhook
       and (d.replaying_until is null or d.replaying_until < clock_timestamp());
    if not found then
        perform logic.fail('conflict', 'This event is being sent, or was just now; look at the list for the result.');
    end if;
end
$$;

-- Records the outcome of sending a dead letter again: an accepted one is removed.
create function logic.record_replay(
    webhook text, letter text, event_type text, status_code bigint, error text, duration_ms bigint
) returns void language plpgsql as $$
declare
    sent webhook_dead_letters;
begin
    update webhook_dead_letters d set attempts = d.attempts + 1, status_code = record_replay.status_code, error = left(record_replay.error, 500),
           replaying_until = null
     where d.id = letter and d.webhook_id = webhook returning * into sent;
    -- It may have been discarded meanwhile.
    if sent.id is null then
        return;
    end if;
    perform logic.insert_webhook_delivery(webhook, sent.workflow_id, sent.message_id, event_type, sent.seq, sent.attempts, status_code,
        error is null, error, duration_ms);
    if error is null then
        delete from webhook_dead_letters d where d.id = letter;
    end if;
end
$$;

-- DELETE /api/webhooks/{id}/dead-letters/{letter}
create function logic.discard_dead_letter(caller text, webhook text, letter text) returns jsonb language plpgsql as $$
declare
    held constant webhooks := (logic.authorize_webhook(caller, webhook)).webhook;
    found_letter constant webhook_dead_letters := logic.find_dead_letter(held, letter);
begin
    delete from webhook_dead_letters d where d.id = found_letter.id;
    return 'null';
end
$$;
