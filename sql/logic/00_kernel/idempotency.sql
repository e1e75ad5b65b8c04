-- Stored responses of requests with an idempotency key.

-- The stored response of an earlier request with this key, or null for the first one, which reserves the key. Another
-- request under the same key is rejected; a concurrent one waits for the first.
create function logic.find_idempotent_response(who logic.principal, key text, request jsonb) returns jsonb language plpgsql as $$
declare
    hash bytea := sha256(convert_to(request::text, 'UTF8'));
    earlier idempotency_keys;
begin
    if key is null then
        return null;
    end if;
    insert into idempotency_keys (actor_id, key, request_hash)
    values (who.actor_id, find_idempotent_response.key, hash)
    on conflict do nothing;
    if found then
        return null;
    end if;
    select * into earlier from idempotency_keys k where k.actor_id = who.actor_id and k.key = find_idempotent_response.key;
    if earlier.request_hash <> hash then
        perform logic.fail('idempotency_key_reused', 'This Idempotency-Key was used before with another request; use a new key.');
    end if;
    return earlier.response;
end
$$;

-- Stores the response for retries of the request; returns it.
create function logic.store_idempotent_response(who logic.principal, key text, response jsonb) returns jsonb language plpgsql as $$
begin
    if key is not null then
        update idempotency_keys k set response = store_idempotent_response.response
         where k.actor_id = who.actor_id and k.key = store_idempotent_response.key;
    end if;
    return response;
end
$$;
