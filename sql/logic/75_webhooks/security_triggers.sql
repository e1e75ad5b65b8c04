-- Security events of webhooks: where events of a workflow are sent.
-- Lock order: none besides the rows themselves; an event is one insert.

-- AFTER INSERT, UPDATE or DELETE. Only the host of the URL is recorded, because paths and queries may hold secrets.
create function logic.webhook_security() returns trigger language plpgsql as $$
declare
    row constant webhooks := case when tg_op = 'DELETE' then old else new end;
begin
    perform logic.record_security_event('webhook_' || case tg_op when 'INSERT' then 'created' when 'UPDATE' then 'updated' else 'deleted' end,
        'ok', row.id, row.workflow_id, jsonb_build_object('host', substring(row.url from '^https?://(?:[^/?#@]*@)?([^/?#]+)')));
    return null;
end
$$;

create trigger webhooks_written_security after insert or delete on webhooks
    for each row execute function logic.webhook_security();
create trigger webhooks_updated_security after update of url, secret, events on webhooks
    for each row when ((new.url, new.secret, new.events) is distinct from (old.url, old.secret, old.events))
    execute function logic.webhook_security();
