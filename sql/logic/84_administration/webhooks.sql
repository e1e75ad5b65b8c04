-- The webhooks of all workflows.

-- Whether a webhook works, fails now, or is switched off.
create function logic.webhook_state(webhook webhooks) returns text language sql immutable
begin atomic
    select case when not webhook.active then 'paused' when webhook.attempt > 0 then 'failing' else 'working' end;
end;

-- The newest request of a webhook; null before the first.
create function logic.last_delivery_json(webhook text) returns jsonb language sql stable
begin atomic
    select jsonb_build_object('attempted_at', d.attempted_at, 'event_type', d.event_type, 'delivered', d.delivered,
               'status_code', d.status_code, 'error', d.error)
      from webhook_deliveries d where d.webhook_id = last_delivery_json.webhook order by d.id desc limit 1;
end;

-- GET /api/server/webhooks: newest first, in keyset pages. For administrators.
create function logic.list_all_webhooks(caller text, state text default null, max_rows int default 50, cursor text default null)
returns jsonb language plpgsql stable as $$
declare
    who logic.principal := logic.identify_caller(caller);
    about constant jsonb := jsonb_build_array(state);
    -- [created_at, id]
    last_seen jsonb;
    page jsonb;
begin
    perform logic.require_admin(who);
    if state not in ('working', 'failing', 'paused') then
        perform logic.fail_invalid('state', 'must be working, failing or paused');
    end if;
    last_seen := logic.read_cursor(cursor, 'all_webhooks', about);
    -- One row more than requested, to learn whether there are more.
    select coalesce(jsonb_agg(logic.webhook_json(seen.webhook) || jsonb_build_object(
               'workflow_name', seen.workflow_name, 'state', logic.webhook_state(seen.webhook),
               'last_delivery', logic.last_delivery_json((seen.webhook).id)) order by (seen.webhook).created_at desc, (seen.webhook).id desc), '[]')
      into page
      from (select h as webhook, w.name as workflow_name
              from webhooks h join workflows w on w.id = h.workflow_id
             where (list_all_webhooks.state is null or logic.webhook_state(h) = list_all_webhooks.state)
               and (last_seen is null or (h.created_at, h.id) < ((last_seen ->> 0)::timestamptz, (last_seen ->> 1) collate "C"))
             order by h.created_at desc, h.id desc limit max_rows + 1) seen;
    return jsonb_build_object('webhooks', page - max_rows) || logic.page_end(jsonb_array_length(page), max_rows, 'all_webhooks', about,
        jsonb_build_array(page -> (max_rows - 1) -> 'created_at', page -> (max_rows - 1) -> 'id'));
end
$$;
