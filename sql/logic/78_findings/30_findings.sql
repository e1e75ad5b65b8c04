-- All findings of a workflow.

-- The findings of a workflow now, of all kinds or some: what is listed and what is recorded. An archived workflow, or one
-- without ticket tracking, has none.
create function logic.current_findings(workflow text, kinds text[] default null) returns setof logic.finding language plpgsql stable as $$
declare
    thresholds constant finding_thresholds := logic.finding_thresholds_of(workflow);
    wanted constant text[] := coalesce(kinds, logic.finding_kinds());
    loads logic.assignee_load[];
begin
    if not exists (select from workflows w where w.id = workflow and w.archived_at is null and w.ticket_tracking) then
        return;
    end if;
    -- Suggestions need them too.
    if wanted && '{stuck,urgent_unassigned,agent_overloaded,agent_silent}' then
        loads := array(select l from logic.assignee_loads(workflow, thresholds.silent_minutes) l);
    end if;
    if 'urgent_unassigned' = any (wanted) then
        return query select * from logic.find_urgent_unassigned_tickets(workflow, thresholds, loads);
    end if;
    if 'job_without_worker' = any (wanted) then
        return query select * from logic.find_jobs_without_worker(workflow, thresholds);
    end if;
    if 'agent_silent' = any (wanted) then
        return query select * from logic.find_silent_agents(thresholds, loads);
    end if;
    if 'blocked' = any (wanted) then
        return query select * from logic.find_long_blocked_tickets(workflow, thresholds);
    end if;
    if 'stuck' = any (wanted) then
        return query select * from logic.find_stuck_tickets(workflow, thresholds, loads);
    end if;
    if 'agent_overloaded' = any (wanted) then
        return query select * from logic.find_overloaded_agents(workflow, thresholds, loads);
    end if;
    if 'likely_duplicate' = any (wanted) then
        return query select * from logic.find_likely_duplicates(workflow, thresholds);
    end if;
end
$$;

-- A finding as the API and events show it.
create function logic.finding_json(workflow text, finding logic.finding) returns jsonb language sql stable
begin atomic
    select jsonb_build_object(
        'kind', finding.kind, 'workflow_id', finding_json.workflow,
        'ticket_id', finding.ticket_id, 'key', 'TKT-' || t.number, 'title', t.title, 'status', t.status, 'priority', t.priority,
        'agent_id', finding.agent_id, 'agent_name', (select a.name from actors a where a.id = finding.agent_id),
        'other_ticket_id', finding.other_ticket_id, 'other_key', (select 'TKT-' || o.number from tickets o where o.id = finding.other_ticket_id),
        'job_type', finding.job_type, 'since', finding.since,
        'duration_seconds', greatest(floor(extract(epoch from now() - finding.since))::bigint, 0),
        'measured', finding.measured,
        'threshold', jsonb_build_object('name', logic.finding_threshold_name(finding.kind), 'value', finding.threshold),
        'message', finding.message, 'suggestion', finding.suggestion)
      from (select) one left join tickets t on t.id = finding.ticket_id;
end;

-- GET /api/workflows/{id}/findings: the most urgent kinds first, in each the longest-standing first. `counts` counts each kind
-- to logic.max_findings. `finding_id` and `opened_at` are those of the event that announced it; null until then.
create function logic.list_findings(caller text, workflow text, kinds text[] default null, max_rows int default 50) returns jsonb language plpgsql as $$
declare
    answer jsonb;
begin
    perform logic.authorize(caller, workflow, 'viewer');
    if not coalesce(kinds <@ logic.finding_kinds(), true) then
        perform logic.fail_invalid('kind', 'must list kinds among ' || array_to_string(logic.finding_kinds(), ', '));
    end if;
    with
    -- In their order.
    placed as materialized (
        select (f.*)::logic.finding as finding, f.kind, f.subject, row_number() over () as place from logic.current_findings(workflow, kinds) f
    )
    select jsonb_build_object('workflow_id', workflow,
        'findings', coalesce((
            select jsonb_agg(logic.finding_json(workflow, p.finding) || jsonb_build_object('finding_id', o.id, 'opened_at', o.opened_at) order by p.place)
              from placed p
              left join findings o on o.workflow_id = list_findings.workflow and o.kind = p.kind and o.subject = p.subject and o.closed_at is null
             where p.place <= max_rows), '[]'),
        'counts', (select jsonb_object_agg(k.kind, (select count(*) from placed p where p.kind = k.kind)) from unnest(logic.finding_kinds()) k (kind)
                    where kinds is null or k.kind = any (kinds)),
        'has_more', (select count(*) from placed) > max_rows,
        'thresholds', logic.finding_thresholds_json(logic.finding_thresholds_of(workflow)))
      into answer;
    return answer;
end
$$;
