-- Delivering webhooks: claims, cursors, retries. A server claims a webhook, sends the events after its cursor one by
-- one with no transaction open, and records each result under its claim token. A stale token records nothing, and
-- the next claim sends those events again: at-least-once, in order.
-- Lock order: the webhook row, then the stream.

-- Whether a webhook has events to send, given its workflow's stream, and no server sends them now. Written to be merged into
-- the query that uses it, which may lock the row.
create function logic.is_webhook_due(webhook webhooks, stream streams) returns boolean language sql volatile
begin atomic
    select (stream).last_seq <> (webhook).last_seq and (webhook).active and (webhook).not_before <= clock_timestamp()
       and ((webhook).lease_expires_at is null or (webhook).lease_expires_at <= clock_timestamp());
end;

-- Claims the webhook that has waited longest and has something to send: {webhook, token, epoch, last_seq, events,
-- first_seq}, or null. `events` are rows of history in the form that rooms read.
create function logic.claim_webhook(lease_seconds double precision, max_events int) returns jsonb language plpgsql as $$
declare
    picked webhooks;
    stream streams;
    events jsonb;
begin
    select w.* into picked
      from webhooks w join streams s on s.stream_id = 'workflow:' || w.workflow_id
     where logic.is_webhook_due(w, s)
     order by w.not_before, w.id limit 1
       for no key update of w skip locked;
    if picked.id is null then
        return null;
    end if;
    select * into stream from streams s where s.stream_id = 'workflow:' || picked.workflow_id;
    -- Events pruned before they were sent are lost; after a restore the stream can be shorter than the cursor.
    picked.last_seq := least(greatest(picked.last_seq, stream.pruned_seq), stream.last_seq);
    update webhooks w set lease_token = gen_random_uuid()::text, lease_expires_at = clock_timestamp() + make_interval(secs => lease_seconds),
           last_seq = picked.last_seq
     where w.id = picked.id returning * into picked;
    with
    -- The next rows, with the volume up to each.
    page as materialized (
        select h.*, row_number() over (order by h.seq) as row_in_page,
               sum(octet_length(coalesce(h.old_value, '') || coalesce(h.new_value, '')) + octet_length(h.data::text)) over (order by h.seq) as volume
          from (select h.*, logic.event_data(h.change_type, h.new_value, h.metadata) as data from history h
                 where h.stream_id = stream.stream_id and h.seq > picked.last_seq order by h.seq limit max_events) h
    )
    select coalesce(jsonb_agg((to_jsonb(p) - '{row_in_page,volume,data}'::text[])
               || jsonb_build_object('metadata', p.data, 'prev', p.seq - 1) order by p.seq), '[]') into events
      from page p where p.row_in_page = 1 or p.volume < 1000000;
    if events = '[]' then
        -- All rows after the cursor were pruned.
        update webhooks w set last_seq = stream.last_seq, lease_token = null, lease_expires_at = null where w.id = picked.id;
        return null;
    end if;
    return jsonb_build_object('token', picked.lease_token, 'epoch', logic.epoch(), 'last_seq', picked.last_seq, 'events', events,
        'webhook', jsonb_build_object('id', picked.id, 'workflow_id', picked.workflow_id, 'url', picked.url, 'secret', picked.secret,
            'previous_secret', logic.valid_previous_secret(picked), 'events', picked.events, 'attempt', picked.attempt));
end
$$;

-- Logs one attempt, and keeps the newest 200 of a webhook.
create function logic.insert_webhook_delivery(
    webhook text, workflow text, message_id text, event_type text, seq bigint, attempt bigint, status_code bigint, delivered boolean,
    error text, duration_ms bigint
) returns void language plpgsql as $$
begin
    insert into webhook_deliveries (webhook_id, workflow_id, message_id, event_type, seq, attempt, status_code, delivered, error, duration_ms)
    values (webhook, workflow, message_id, event_type, seq, attempt, status_code, delivered, left(error, 500), duration_ms);
    delete from webhook_deliveries d where d.webhook_id = webhook and d.id <= (
        select o.id from webhook_deliveries o where o.webhook_id = webhook order by o.id desc offset 200 limit 1);
end
$$;

-- Records that the receiver accepted an event: advances the cursor, resets failures and extends the claim. Returns
-- false for a stale token, and records nothing then.
create function logic.record_webhook_success(
    webhook text, token text, lease_seconds double precision, seq bigint, message_id text, event_type text, status_code bigint, duration_ms bigint
) returns jsonb language plpgsql as $$
declare
    held webhooks;
begin
    select * into held from webhooks w where w.id = webhook and w.lease_token = token for no key update;
    if held.id is null then
        return 'false';
    end if;
    perform logic.insert_webhook_delivery(webhook, held.workflow_id, message_id, event_type, seq, held.attempt + 1, status_code, true, null, duration_ms);
    update webhooks w set last_seq = record_webhook_success.seq, attempt = 0, failing_since = null, refused_in_a_row = 0,
           lease_expires_at = clock_timestamp() + make_interval(secs => lease_seconds)
     where w.id = webhook;
    return to_jsonb(held.active);
end
$$;

-- Records a failed attempt. The next one follows after 5 seconds, doubled with each attempt up to an hour, with 20 %
-- jitter, or when the receiver asked for. After three days without success, or on status 410, the webhook is
-- disabled. An event that the receiver has refused `refusal_attempts` times is set aside (logic.set_event_aside), so that it
-- does not block later ones. `passed` is the cursor: events before it were accepted or not subscribed to.
create function logic.record_webhook_failure(
    webhook text, token text, passed bigint, seq bigint, message_id text, event_type text, status_code bigint, error text,
    duration_ms bigint, retry_after double precision default null
) returns jsonb language plpgsql as $$
declare
    held webhooks;
    pause double precision;
    reason text;
begin
    select * into held from webhooks w where w.id = webhook and w.lease_token = token for no key update;
    if held.id is null then
        return 'false';
    end if;
    perform logic.insert_webhook_delivery(webhook, held.workflow_id, message_id, event_type, seq, held.attempt + 1, status_code, false, error, duration_ms);
    pause := greatest(least(5 * 2 ^ least(held.attempt, 20), 3600) * (0.8 + 0.4 * random()), least(coalesce(retry_after, 0), 3600));
    reason := case when status_code = 410 then 'the receiver answered 410 Gone.'
        when held.failing_since < clock_timestamp() - interval '3 days' then format('no event was taken for three days; the last attempt: %s', error) end;
    perform set_config('callboard.actor', 'system', true), set_config('callboard.on_behalf_of', '', true);
    if logic.is_refusal(status_code) and held.refusal_attempts <= (
        select count(*) from webhook_deliveries d
         where d.webhook_id = webhook and d.seq = record_webhook_failure.seq and logic.is_refusal(d.status_code)) then
        perform logic.set_event_aside(held, seq, message_id, event_type, status_code, error);
        return 'true';
    end if;
    update webhooks w set last_seq = greatest(w.last_seq, passed), attempt = w.attempt + 1,
           failing_since = coalesce(w.failing_since, clock_timestamp()), not_before = clock_timestamp() + make_interval(secs => pause),
           lease_token = null, lease_expires_at = null,
           active = w.active and reason is null, disabled_reason = case when w.active then reason else w.disabled_reason end
     where w.id = webhook;
    return 'true';
end
$$;

-- Releases a claim, with the cursor past events that were not subscribed to. Other waiting webhooks go first.
create function logic.release_webhook(webhook text, token text, passed bigint) returns jsonb language plpgsql as $$
begin
    update webhooks w set last_seq = greatest(w.last_seq, passed), not_before = greatest(w.not_before, clock_timestamp()),
           lease_token = null, lease_expires_at = null
     where w.id = webhook and w.lease_token = token;
    return to_jsonb(found);
end
$$;
