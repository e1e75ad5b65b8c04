-- Reading security events, and their retention.

-- An event as the API shows it.
create function logic.security_event_json(event security_events) returns jsonb language sql stable
begin atomic
    select jsonb_build_object(
        'id', event.id, 'occurred_at', event.occurred_at, 'kind', event.kind, 'outcome', event.outcome,
        'actor_id', event.actor_id, 'actor_name', (select a.name from actors a where a.id = event.actor_id),
        'on_behalf_of', event.on_behalf_of, 'session_id', event.session_id, 'key_id', event.key_id, 'address', event.address,
        'subject_id', event.subject_id,
        'subject_name', coalesce((select a.name from actors a where a.id = event.subject_id),
                                 (select k.name from api_keys k where k.id = event.subject_id)),
        'workflow_id', event.workflow_id, 'workflow_name', (select w.name from workflows w where w.id = event.workflow_id),
        'details', event.details, 'occurrences', event.occurrences);
end;

-- GET /api/security-events: of one workflow for its owners, of everything for administrators; newest first, in keyset pages.
create function logic.list_security_events(
    caller text, workflow text default null, kinds text[] default null, actor text default null,
    since timestamptz default null, until timestamptz default null, max_rows int default 50, cursor text default null
) returns jsonb language plpgsql as $$
declare
    who logic.principal := logic.identify_caller(caller);
    about constant jsonb := jsonb_build_array(workflow, kinds, actor, since, until);
    -- [id]
    last_seen jsonb;
    page jsonb;
begin
    if workflow is not null then
        who := logic.authorize_principal(who, workflow, 'owner');
    else
        perform logic.require_scope(who, 'manage');
        if not who.is_admin then
            perform logic.fail('forbidden', 'Only administrators see the events of the installation; name a workflow that you own.');
        end if;
    end if;
    last_seen := logic.read_cursor(cursor, 'security_events', about);
    -- One row more than requested, to learn whether there are more.
    select coalesce(jsonb_agg(logic.security_event_json(e) order by e.id desc), '[]') into page
      from (select s.* from security_events s
             where (list_security_events.workflow is null or s.workflow_id = list_security_events.workflow)
               and (kinds is null or s.kind = any (kinds))
               and (list_security_events.actor is null or s.actor_id = list_security_events.actor or s.subject_id = list_security_events.actor
                    or s.on_behalf_of = list_security_events.actor)
               and (since is null or s.occurred_at >= since)
               and (until is null or s.occurred_at < until)
               and (last_seen is null or s.id < (last_seen ->> 0)::bigint)
             order by s.id desc limit max_rows + 1) e;
    return jsonb_build_object('events', page - max_rows) || logic.page_end(jsonb_array_length(page), max_rows, 'security_events', about,
        jsonb_build_array(page -> (max_rows - 1) -> 'id'));
end
$$;

-- Removes events older than `days` (0 keeps all), at least 30, at most 50,000 at once; returns how many.
create function logic.prune_security_events(days int) returns bigint language plpgsql as $$
declare
    pruned bigint := 0;
begin
    if days <= 0 then
        return 0;
    end if;
    perform set_config('callboard.prune_security_events', 'on', true);
    delete from security_events e
     where e.id in (select o.id from security_events o
                     where o.occurred_at < now() - make_interval(days => least(greatest(days, 30), 36500)) order by o.occurred_at limit 50000);
    get diagnostics pruned = row_count;
    perform set_config('callboard.prune_security_events', '', true);
    return pruned;
end
$$;
