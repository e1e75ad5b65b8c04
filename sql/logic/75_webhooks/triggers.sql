-- Triggers of webhooks: creating, stopping, resuming and removing one is an event of its workflow. Every
-- member reads events, so they name only the id; URL and secret are for owners.
-- Lock order: the webhook row, then the stream.

-- AFTER INSERT, UPDATE or DELETE, by row.
create function logic.webhook_written() returns trigger language plpgsql as $$
declare
    row webhooks;
    change text;
begin
    if tg_op = 'DELETE' then
        row := old;
        change := 'webhook_deleted';
        -- Not when its whole workflow is deleted.
        if not exists (select from workflows w where w.id = old.workflow_id) then
            return null;
        end if;
    else
        row := new;
        if tg_op = 'INSERT' then
            change := 'webhook_created';
        elsif new.active and not old.active then
            change := 'webhook_enabled';
        elsif old.active and not new.active then
            change := 'webhook_disabled';
        elsif (new.url, new.events, new.secret) is distinct from (old.url, old.events, old.secret) then
            change := 'webhook_updated';
        else
            return null;
        end if;
    end if;
    perform logic.record_json_changes(jsonb_build_array(jsonb_build_object('workflow_id', row.workflow_id, 'change_type', change,
        'field_name', 'webhook', 'new_value', row.id,
        'description', case change when 'webhook_disabled' then 'A webhook was stopped: ' || row.disabled_reason
            else format('A webhook was %s.', replace(split_part(change, '_', 2), 'enabled', 'started again')) end,
        'metadata', jsonb_build_object('webhook', jsonb_build_object('webhook_id', row.id, 'active', row.active and tg_op <> 'DELETE',
            'events', row.events, 'disabled_reason', row.disabled_reason)))));
    return null;
end
$$;

create trigger webhook_written after insert or update or delete on webhooks
    for each row when (coalesce(current_setting('callboard.archive', true), '') <> 'on')
    execute function logic.webhook_written();
