-- Writing security events.

-- What the transaction knows of its caller: set by logic.identify_caller.
create function logic.current_credential() returns jsonb language sql stable
begin atomic
    select case when coalesce(current_setting('callboard.credential', true), '') = '' then '{}'::jsonb
                when left(current_setting('callboard.credential', true), 1) = '{' then current_setting('callboard.credential', true)::jsonb
                else jsonb_build_object('actor', current_setting('callboard.credential', true)) end;
end;

-- Makes an address known to the triggers of this transaction, for requests without a caller; '' stands for nobody known.
create function logic.set_anonymous_origin(client_address text) returns void language plpgsql as $$
begin
    perform set_config('callboard.credential', jsonb_build_object('actor', '', 'address', client_address)::text, true);
end
$$;

-- Records what happened. Who and from where default to the caller of the transaction, else to the database role; the actor
-- '' stands for nobody known.
create function logic.record_security_event(
    kind text, outcome text, subject text default null, workflow text default null, details jsonb default '{}',
    actor text default null, client_address text default null, session text default null, key text default null
) returns void language plpgsql as $$
declare
    caller constant jsonb := logic.current_credential();
begin
    insert into security_events (kind, outcome, actor_id, on_behalf_of, session_id, key_id, address, subject_id, workflow_id, details)
    values (kind, outcome, nullif(coalesce(actor, caller ->> 'actor', logic.current_actor()), ''), caller ->> 'for',
            coalesce(session, caller ->> 'session'), coalesce(key, caller ->> 'key'),
            left(coalesce(client_address, caller ->> 'address'), 100), subject, workflow, jsonb_strip_nulls(details));
end
$$;

-- The same for what anyone can repeat at will: each hour, at most 300 events of a kind (and workflow) are kept one by one,
-- and 30 from one address or about one subject within a minute. The rest is counted, with up to 20 addresses and subjects.
create function logic.record_repeatable_event(
    kind text, outcome text, subject text default null, workflow text default null, details jsonb default '{}',
    actor text default null, client_address text default null, session text default null, key text default null
) returns void language plpgsql as $$
declare
    this_hour constant timestamptz := date_trunc('hour', clock_timestamp());
    origin constant text := coalesce(left(client_address, 100), logic.current_credential() ->> 'address', '');
    about constant text := coalesce(subject, actor, '');
    place constant text := coalesce(workflow, '');
    recent bigint;
    row security_event_repeats;
begin
    insert into security_event_repeats as r (kind, workflow_id, hour) values (kind, place, this_hour)
    on conflict on constraint security_event_repeats_pkey do update set kept = r.kept
    returning r.* into row;
    select count(*) into recent
      from (select from security_events e
             where e.kind = record_repeatable_event.kind and e.occurred_at > clock_timestamp() - interval '1 minute'
               and (coalesce(e.address, '') = origin or (about <> '' and e.subject_id = about))
             limit 30) seen;
    if row.kept < 300 and recent < 30 then
        update security_event_repeats r set kept = r.kept + 1
         where r.kind = record_repeatable_event.kind and r.workflow_id = place and r.hour = this_hour;
        perform logic.record_security_event(kind, outcome, subject, workflow, details, actor, client_address, session, key);
        return;
    end if;
    update security_event_repeats r
       set counted = r.counted + 1,
           addresses = case when origin = '' or origin = any (r.addresses) or cardinality(r.addresses) >= 20 then r.addresses
                            else r.addresses || origin end,
           subjects = case when about = '' or about = any (r.subjects) or cardinality(r.subjects) >= 20 then r.subjects
                           else r.subjects || about end
     where r.kind = record_repeatable_event.kind and r.workflow_id = place and r.hour = this_hour;
end
$$;

-- Turns what was counted in past hours into one event for each kind, workflow and hour.
create function logic.summarize_repeated_events() returns void language plpgsql as $$
begin
    with ended as (
        delete from security_event_repeats r where r.hour < date_trunc('hour', clock_timestamp()) returning r.*
    )
    insert into security_events (kind, workflow_id, outcome, details, occurrences)
    select e.kind, nullif(e.workflow_id, ''), case when e.kind like '%\_failed' or e.kind like '%\_refused' then 'failed' else 'ok' end,
           jsonb_build_object('hour', e.hour, 'addresses', to_jsonb(e.addresses), 'subjects', to_jsonb(e.subjects)), e.counted
      from ended e where e.counted > 0;
end
$$;

-- Records a failed sign-in, in a statement of its own, because the request fails. `tried` is an account's actor, or null:
-- an unknown e-mail address is not kept, because people type passwords into that field.
create function logic.record_failed_sign_in(tried text, client_address text) returns jsonb language plpgsql as $$
begin
    perform logic.record_repeatable_event('sign_in_failed', 'failed', tried, null,
        case when tried is null then '{"account": "unknown"}'::jsonb else '{}' end, '', client_address);
    return 'null';
end
$$;

-- Records that a person gave a wrong current password.
create function logic.record_failed_password_change(caller text) returns jsonb language plpgsql as $$
declare
    who constant logic.principal := logic.identify_caller(caller);
begin
    perform logic.record_repeatable_event('password_change_failed', 'failed', who.actor_id);
    return 'null';
end
$$;
