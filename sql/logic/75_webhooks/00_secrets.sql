-- Secrets of webhooks and their rotation.

-- The secret before the last rotation, while requests are signed with both; else null.
create function logic.valid_previous_secret(webhook webhooks) returns text language sql volatile
begin atomic
    select case when webhook.previous_secret_expires_at > clock_timestamp() then webhook.previous_secret end;
end;

-- POST /api/webhooks/{id}/rotate-secret: requests are signed with the new secret at once, and with the old one too for
-- `overlap_seconds` (a day by default), so that the receiver can change over.
create function logic.rotate_webhook_secret(caller text, webhook text, secret text, overlap_seconds double precision default null)
returns jsonb language plpgsql as $$
declare
    held webhooks := (logic.authorize_webhook(caller, webhook, lock_row => true)).webhook;
begin
    if overlap_seconds is not null and not (overlap_seconds between 0 and 2592000) then
        perform logic.fail_invalid('overlap_seconds', 'must be between 0 and 2592000');
    end if;
    perform logic.require_unarchived_workflow(held.workflow_id);
    update webhooks w set secret = rotate_webhook_secret.secret,
        previous_secret = w.secret,
        previous_secret_expires_at = clock_timestamp() + make_interval(secs => coalesce(rotate_webhook_secret.overlap_seconds, 86400)),
        -- A delivery in progress, which has the old secret, loses its claim.
        lease_token = null, lease_expires_at = null, updated_at = clock_timestamp()
     where w.id = held.id returning * into held;
    return logic.webhook_json(held);
end
$$;
