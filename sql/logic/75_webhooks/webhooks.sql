-- Webhooks: what owners do with them. delivery.sql delivers events to them.

-- A webhook as its owners see it; the secret is shown only when it is created or
-- rotated.
create function logic.webhook_json(webhook webhooks) returns jsonb language sql stable
begin atomic
    select jsonb_build_object(
        'id', webhook.id, 'webhook_id', webhook.id, 'workflow_id', webhook.workflow_id, 'url', webhook.url,
        'events', webhook.events, 'active', webhook.active, 'disabled_reason', webhook.disabled_reason,
        'last_seq', webhook.last_seq, 'behind', greatest(s.last_seq - webhook.last_seq, 0), 'attempt', webhook.attempt,
        'failing_since', webhook.failing_since, 'refusal_attempts', webhook.refusal_attempts,
        'dead_letters', (select count(*) from webhook_dead_letters d where d.webhook_id = webhook.id),
        'previous_secret_expires_at', case when webhook.previous_secret_expires_at > now() then webhook.previous_secret_expires_at end,
        'next_attempt_at', case when webhook.active and webhook.attempt > 0 then webhook.not_before end,
        'created_by', webhook.created_by, 'created_at', webhook.created_at, 'updated_at', webhook.updated_at)
      from streams s where s.stream_id = 'workflow:' || webhook.workflow_id;
end;

-- The caller that was checked, and the webhook as it was read (or locked).
create type logic.webhook_access as (who logic.principal, webhook webhooks);

-- The webhook, if the caller owns its workflow. `lock_row` locks its row.
create function logic.authorize_webhook(caller text, webhook text, lock_row boolean default false) returns logic.webhook_access language plpgsql as $$
declare
    access logic.webhook_access;
    found_webhook webhooks;
begin
    select * into found_webhook from webhooks w where w.id = webhook;
    access.who := logic.authorize(caller, found_webhook.workflow_id, 'owner', 'webhook ' || webhook);
    if lock_row then
        select * into found_webhook from webhooks w where w.id = webhook for no key update;
        if found_webhook.id is null then
            perform logic.fail('not_found', format('There is no webhook %s.', webhook));
        end if;
    end if;
    access.webhook := found_webhook;
    return access;
end
$$;

-- The types of a workflow's events, as messages name them (transport/live/dialects/native.rs).
create function logic.event_types() returns text[] language sql immutable
begin atomic
    select '{ticket_created,ticket_updated,status_changed,ticket_assigned,ticket_blocked,ticket_unblocked,ticket_resolved,
             ticket_reopened,ticket_merged,ticket_unmerged,ticket_deleted,lease_expired,column_renamed,
             comment_added,comment_updated,comment_deleted,comments_moved,commit_linked,commit_unlinked,commits_moved,
             ticket_pending_review,ticket_approved,ticket_rejected,ticket_clarification_requested,
             approval_requested,approval_approved,approval_rejected,approval_answered,approval_expired,approval_withdrawn,
             job_status,job_stage,job_progress,job_message,job_message_deleted,job_updated,job_deleted,app_ready,usage_reported,
             ticket_state,ticket_progress,pr_created,activity,
             finding_opened,finding_closed,milestone_created,milestone_updated,milestone_deleted,board_updated,workflow_updated,
             webhook_created,webhook_updated,webhook_enabled,webhook_disabled,webhook_deleted}'::text[];
end;

-- Event types as they are stored: known names without repeats. A misspelt one would never be delivered, and nobody would notice.
create function logic.normalize_event_types(events text[]) returns text[] language plpgsql immutable as $$
declare
    kept text[] := coalesce(logic.normalize_list(events), '{}');
    unknown text;
begin
    perform logic.check_list_limits('events', kept, 100, 64);
    select e into unknown from unnest(kept) e where e <> all (logic.event_types()) limit 1;
    if unknown is not null then
        perform logic.fail_invalid('events', format('must list types of events like status_changed; there is no type %s', unknown));
    end if;
    return kept;
end
$$;

-- Rejects a number of attempts at a refused event that is out of range.
create function logic.check_refusal_attempts(attempts bigint) returns void language plpgsql immutable as $$
begin
    if attempts is not null and not (attempts between 1 and 20) then
        perform logic.fail_invalid('refusal_attempts', 'must be between 1 and 20');
    end if;
end
$$;

-- POST /api/webhooks. The webhook gets the events from now on.
create function logic.create_webhook(
    caller text, workflow text, url text, secret text, events text[] default null, refusal_attempts bigint default null
) returns jsonb language plpgsql as $$
declare
    who logic.principal := logic.authorize(caller, workflow, 'owner');
    made webhooks;
begin
    perform logic.require_unarchived_workflow(workflow);
    -- The stream's lock serializes counting and inserting, and fixes the start position.
    perform logic.lock_workflow_stream(workflow);
    if (select count(*) from webhooks w where w.workflow_id = workflow) >= 20 then
        perform logic.fail('conflict', 'A workflow has at most 20 webhooks; delete one first.');
    end if;
    perform logic.check_refusal_attempts(refusal_attempts);
    insert into webhooks (id, workflow_id, url, secret, events, refusal_attempts, last_seq, created_by)
    values (logic.new_id('webhook'), workflow, create_webhook.url, create_webhook.secret, logic.normalize_event_types(create_webhook.events),
            coalesce(create_webhook.refusal_attempts, 3), (select s.last_seq from streams s where s.stream_id = 'workflow:' || workflow), logic.effective_actor_id(who))
    returning * into made;
    return logic.webhook_json(made);
end
$$;

-- GET /api/webhooks
create function logic.list_webhooks(caller text, workflow text) returns jsonb language plpgsql as $$
begin
    perform logic.authorize(caller, workflow, 'owner');
    return jsonb_build_object('webhooks', coalesce((
        select jsonb_agg(logic.webhook_json(w) order by w.created_at, w.id) from webhooks w where w.workflow_id = workflow), '[]'));
end
$$;

-- GET /api/webhooks/{id}
create function logic.get_webhook(caller text, webhook text) returns jsonb language sql
begin atomic
    select logic.webhook_json((logic.authorize_webhook(caller, webhook)).webhook);
end;

-- PATCH /api/webhooks/{id}, and POST …/resume with `active` true; null leaves a field as it is. A new URL or activation
-- resets failures and the backoff; delivery continues from the cursor.
create function logic.update_webhook(
    caller text, webhook text, url text default null, events text[] default null, active boolean default null,
    refusal_attempts bigint default null
) returns jsonb language plpgsql as $$
declare
    access constant logic.webhook_access := logic.authorize_webhook(caller, webhook, lock_row => true);
    held webhooks := access.webhook;
begin
    perform logic.require_unarchived_workflow(held.workflow_id);
    perform logic.check_refusal_attempts(refusal_attempts);
    update webhooks w set
        refusal_attempts = coalesce(update_webhook.refusal_attempts, w.refusal_attempts),
        refused_in_a_row = case when update_webhook.active or update_webhook.url is not null then 0 else w.refused_in_a_row end,
        url = coalesce(update_webhook.url, w.url),
        events = case when update_webhook.events is null then w.events else logic.normalize_event_types(update_webhook.events) end,
        active = coalesce(update_webhook.active, w.active),
        disabled_reason = case when coalesce(update_webhook.active, w.active) then null
            when update_webhook.active is null or not w.active then w.disabled_reason
            else format('switched off by %s.', (select a.name from actors a where a.id = logic.effective_actor_id(access.who))) end,
        attempt = case when update_webhook.active or update_webhook.url is not null then 0 else w.attempt end,
        failing_since = case when update_webhook.active or update_webhook.url is not null then null else w.failing_since end,
        not_before = case when update_webhook.active or update_webhook.url is not null then clock_timestamp() else w.not_before end,
        -- A delivery in progress loses its claim.
        lease_token = null, lease_expires_at = null,
        updated_at = clock_timestamp()
     where w.id = held.id returning * into held;
    return logic.webhook_json(held);
end
$$;

-- DELETE /api/webhooks/{id}
create function logic.delete_webhook(caller text, webhook text) returns jsonb language plpgsql as $$
declare
    held constant webhooks := (logic.authorize_webhook(caller, webhook, lock_row => true)).webhook;
begin
    delete from webhooks w where w.id = held.id;
    return 'null';
end
$$;

-- GET /api/webhooks/{id}/deliveries: newest first, in keyset pages.
create function logic.list_webhook_deliveries(caller text, webhook text, max_rows int, cursor text default null) returns jsonb language plpgsql as $$
declare
    held constant webhooks := (logic.authorize_webhook(caller, webhook)).webhook;
    about constant jsonb := jsonb_build_array(webhook);
    last_seen constant jsonb := logic.read_cursor(cursor, 'deliveries', about);
    answer jsonb;
begin
    with
    -- One row more than requested, to learn whether there are more.
    page as (
        select d.*, row_number() over (order by d.id desc) as place
          from webhook_deliveries d where d.webhook_id = held.id and (last_seen is null or d.id < (last_seen ->> 0)::bigint)
         order by d.id desc limit max_rows + 1
    )
    select jsonb_build_object(
        'deliveries', coalesce(jsonb_agg(jsonb_build_object('delivery_id', p.id, 'webhook_id', p.webhook_id, 'message_id', p.message_id,
            'event_type', p.event_type, 'seq', p.seq, 'attempt', p.attempt, 'status_code', p.status_code, 'delivered', p.delivered,
            'error', p.error, 'duration_ms', p.duration_ms, 'attempted_at', p.attempted_at) order by p.place)
            filter (where p.place <= max_rows), '[]'))
        || logic.page_end(count(*), max_rows, 'deliveries', about, jsonb_build_array(max(p.id) filter (where p.place = max_rows)))
      into answer from page p;
    return answer;
end
$$;

-- For POST /api/webhooks/{id}/test: what the request needs, including the secret. Only the server sees the result.
create function logic.get_webhook_target(caller text, webhook text) returns jsonb language plpgsql as $$
declare
    held constant webhooks := (logic.authorize_webhook(caller, webhook)).webhook;
begin
    return jsonb_build_object('id', held.id, 'workflow_id', held.workflow_id, 'url', held.url, 'secret', held.secret,
        'previous_secret', logic.valid_previous_secret(held), 'events', held.events, 'attempt', 0, 'actor_id', logic.current_actor(), 'epoch', logic.epoch(), 'now', clock_timestamp());
end
$$;
