-- Idempotency keys: a repeated request gets the stored answer of the first one and changes nothing.
--
-- No function below knows of keys. For a request with a key the server calls a function f as
--   select coalesce(logic.find_idempotent_answer(caller, key, …, step),
--                   logic.store_idempotent_answer(key, step, logic.f(caller, …)))
-- so the key, the change and its answer are one statement and one transaction, and a refused call stores nothing.

-- The rights of the caller that the calls in this transaction used, if the request has a key; else null. They are kept
-- in a setting of the transaction, because f does not pass them on.
create function logic.idempotency_context() returns jsonb language sql stable
begin atomic
    select nullif(current_setting('callboard.idempotency', true), '')::jsonb;
end;

-- Notes that the caller was found to hold `required` in the workflow.
create function logic.note_authorization(workflow text, required text) returns void language plpgsql as $$
declare
    context constant jsonb := logic.idempotency_context();
    pair constant jsonb := jsonb_build_array(jsonb_build_array(workflow, required));
begin
    if not context -> 'workflows' @> pair then
        perform set_config('callboard.idempotency', jsonb_set(context, '{workflows}', (context -> 'workflows') || pair)::text, true);
    end if;
end
$$;

-- Fails unless the caller still has the rights that the stored answer was given for. `required` is null where only
-- membership is known to have been needed.
create function logic.require_rights(who logic.principal, rights jsonb) returns void language plpgsql as $$
declare
    pair jsonb;
begin
    if (rights -> 'admin')::boolean and not who.is_admin
       or not ('*' = any (who.scopes) or coalesce(rights -> 'scopes', '[]') <@ to_jsonb(who.scopes)) then
        perform logic.fail('forbidden', 'The answer to this Idempotency-Key was given to a credential with more rights.');
    end if;
    for pair in select p from jsonb_array_elements(coalesce(rights -> 'workflows', '[]')) p loop
        if pair ->> 1 is not null then
            perform logic.authorize_principal(who, pair ->> 0, pair ->> 1);
        elsif not logic.holds_role(who, pair ->> 0, 'viewer') then
            perform logic.fail('not_found', format('There is no workflow %s.', pair ->> 0));
        end if;
    end loop;
end
$$;

-- Whether the caller holds at least `required` in the workflow.
create function logic.holds_role(who logic.principal, workflow text, required text) returns boolean language sql stable
begin atomic
    select exists (select from workflows w
                     left join workflow_members m on m.workflow_id = w.id and m.actor_id = (who).actor_id
                    where w.id = holds_role.workflow
                      and array_position('{viewer,member,owner}', case when (who).is_admin then 'owner' else m.role end)
                          >= array_position('{viewer,member,owner}', required));
end;

-- The stored answer of this step of an earlier request with this key, as {"answer", "note", "replayed": true}; or null
-- for the first one, which reserves the key. Another request under the same key is rejected; a concurrent one waits.
create function logic.find_idempotent_answer(caller text, key text, request_hash bytea, step text) returns jsonb language plpgsql as $$
declare
    who constant logic.principal := logic.identify_caller(caller);
    earlier idempotency_keys;
begin
    loop
        insert into idempotency_keys (actor_id, key, request_hash)
        values (who.actor_id, find_idempotent_answer.key, find_idempotent_answer.request_hash)
        on conflict do nothing;
        exit when found;
        select * into earlier from idempotency_keys k where k.actor_id = who.actor_id and k.key = find_idempotent_answer.key for update;
        -- Otherwise housekeeping has just deleted it.
        exit when found;
    end loop;
    if earlier.answers = '{}' and earlier.response is not null then
        -- Stored by an older version, whose hash cannot be compared.
        return jsonb_build_object('answer', earlier.response, 'replayed', true);
    elsif earlier.request_hash <> find_idempotent_answer.request_hash then
        perform logic.fail('idempotency_key_reused', 'This Idempotency-Key was used before with another request; use a new key.');
    elsif earlier.answers ? step then
        perform logic.require_rights(who, earlier.rights);
        if step like 'claim_job#%' then
            perform logic.require_claimed_lease(earlier.answers -> step -> 'answer');
        elsif step like 'claim_ticket#%' then
            perform logic.require_claimed_ticket(earlier.answers -> step -> 'answer');
        end if;
        return (earlier.answers -> step) || '{"replayed": true}';
    end if;
    perform set_config('callboard.idempotency', jsonb_build_object('actor', who.actor_id, 'admin', who.is_admin,
        'scopes', who.scopes, 'workflows', coalesce(earlier.rights -> 'workflows', '[]'))::text, true);
    return null;
end
$$;

-- Stores the answer of a step, with the rights that it took; returns it as {"answer", "note"}. `note` is what the server
-- needs to make the same answer again. Rights that the call itself ended, by deleting a workflow or leaving it, are not
-- required of a repetition.
create function logic.store_idempotent_answer(key text, step text, answer jsonb, note text default null) returns jsonb language plpgsql as $$
declare
    context constant jsonb := logic.idempotency_context();
    stored constant jsonb := jsonb_build_object('answer', answer, 'note', note);
    who logic.principal;
    held jsonb;
begin
    who.actor_id := context ->> 'actor';
    who.is_admin := coalesce((select a.is_admin from actors a where a.id = who.actor_id), false) and (context -> 'admin')::boolean;
    -- Workflows that the call authorized for, and those whose history it wrote.
    select coalesce(jsonb_agg(jsonb_build_array(n.workflow, n.required)), '[]') into held
      from (select p ->> 0 as workflow, p ->> 1 as required from jsonb_array_elements(context -> 'workflows') p
            union
            select h.workflow_id, null from history h
             where h.xid = pg_current_xact_id() and h.changed_at >= transaction_timestamp()
               and not context -> 'workflows' @> jsonb_build_array(jsonb_build_array(h.workflow_id))) n
     where logic.holds_role(who, n.workflow, coalesce(n.required, 'viewer'));
    update idempotency_keys k
       set answers = k.answers || jsonb_build_object(step, stored),
           rights = jsonb_build_object('admin', who.is_admin, 'scopes', context -> 'scopes', 'workflows', held)
     where k.actor_id = who.actor_id and k.key = store_idempotent_answer.key;
    perform set_config('callboard.idempotency', '', true);
    return stored;
end
$$;
