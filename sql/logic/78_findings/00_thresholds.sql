-- Findings are what somebody should look at in a workflow. Their kinds, and the thresholds from which they count.

-- The kinds of findings, the most urgent first.
create function logic.finding_kinds() returns text[] language sql immutable parallel safe
begin atomic
    select '{urgent_unassigned,job_without_worker,agent_silent,blocked,stuck,agent_overloaded,likely_duplicate}'::text[];
end;

-- The name of the threshold that a kind breaks.
create function logic.finding_threshold_name(kind text) returns text language sql immutable parallel safe
begin atomic
    select case kind when 'stuck' then 'stuck_minutes' when 'blocked' then 'blocked_minutes' when 'urgent_unassigned' then 'unassigned_minutes'
        when 'likely_duplicate' then 'duplicate_similarity' when 'agent_overloaded' then 'max_open_tickets'
        when 'agent_silent' then 'silent_minutes' when 'job_without_worker' then 'without_worker_minutes' end;
end;

-- Thresholds with defaults for those that a workflow has not set: 3 days without a change, 2 days blocked, an hour without an
-- assignee, the similarity of duplicates, 10 open tickets, an hour of silence, 10 minutes without a worker.
create function logic.complete_finding_thresholds(workflow text, own finding_thresholds) returns finding_thresholds language sql stable
begin atomic
    select row(complete_finding_thresholds.workflow, coalesce(own.stuck_minutes, 4320), coalesce(own.blocked_minutes, 2880),
               coalesce(own.unassigned_minutes, 60), coalesce(own.duplicate_similarity, 0.9), coalesce(own.max_open_tickets, 10),
               coalesce(own.silent_minutes, 60), coalesce(own.without_worker_minutes, 10), coalesce(own.updated_at, now()))::finding_thresholds;
end;

-- The thresholds of a workflow.
create function logic.finding_thresholds_of(workflow text) returns finding_thresholds language sql stable
begin atomic
    select logic.complete_finding_thresholds(finding_thresholds_of.workflow, h)
      from (select) one left join finding_thresholds h on h.workflow_id = finding_thresholds_of.workflow;
end;

-- Thresholds as the API shows them.
create function logic.finding_thresholds_json(thresholds finding_thresholds) returns jsonb language sql immutable
begin atomic
    select to_jsonb(thresholds) - 'updated_at';
end;

-- GET /api/workflows/{id}/finding-thresholds
create function logic.get_finding_thresholds(caller text, workflow text) returns jsonb language plpgsql as $$
begin
    perform logic.authorize(caller, workflow, 'viewer');
    return logic.finding_thresholds_json(logic.finding_thresholds_of(workflow));
end
$$;

-- Rejects a number of minutes that is out of range.
create function logic.check_finding_minutes(field text, minutes bigint) returns void language plpgsql immutable as $$
begin
    if not coalesce(minutes between 0 and 525600, true) then
        perform logic.fail_invalid(field, 'must be between 0 and 525600; 0 turns this kind of finding off');
    end if;
end
$$;

-- PATCH /api/workflows/{id}/finding-thresholds; null leaves a threshold as it is. The next look at the workflow is due at once.
create function logic.set_finding_thresholds(
    caller text, workflow text, stuck_minutes bigint default null, blocked_minutes bigint default null, unassigned_minutes bigint default null,
    duplicate_similarity double precision default null, max_open_tickets bigint default null, silent_minutes bigint default null,
    without_worker_minutes bigint default null
) returns jsonb language plpgsql as $$
declare
    before finding_thresholds;
begin
    perform logic.authorize(caller, workflow, 'owner');
    perform logic.check_finding_minutes('stuck_minutes', stuck_minutes), logic.check_finding_minutes('blocked_minutes', blocked_minutes),
            logic.check_finding_minutes('unassigned_minutes', unassigned_minutes), logic.check_finding_minutes('silent_minutes', silent_minutes),
            logic.check_finding_minutes('without_worker_minutes', without_worker_minutes);
    if not coalesce(duplicate_similarity = 0 or duplicate_similarity between 0.5 and 1, true) then
        perform logic.fail_invalid('duplicate_similarity', 'must be between 0.5 and 1, or 0 to turn this kind of finding off');
    elsif not coalesce(max_open_tickets between 0 and 900, true) then
        perform logic.fail_invalid('max_open_tickets', 'must be between 0 and 900; 0 turns this kind of finding off');
    end if;
    -- The row that a server holds while it looks at the workflow comes before the thresholds and the stream.
    update finding_checks c set next_at = clock_timestamp(), looked_at = '-infinity' where c.stream_id = 'workflow:' || workflow;
    before := logic.finding_thresholds_of(workflow);
    insert into finding_thresholds as h (workflow_id, stuck_minutes, blocked_minutes, unassigned_minutes, duplicate_similarity, max_open_tickets,
        silent_minutes, without_worker_minutes)
    values (workflow, set_finding_thresholds.stuck_minutes, set_finding_thresholds.blocked_minutes, set_finding_thresholds.unassigned_minutes,
        set_finding_thresholds.duplicate_similarity, set_finding_thresholds.max_open_tickets, set_finding_thresholds.silent_minutes,
        set_finding_thresholds.without_worker_minutes)
    on conflict (workflow_id) do update set
        stuck_minutes = coalesce(excluded.stuck_minutes, h.stuck_minutes), blocked_minutes = coalesce(excluded.blocked_minutes, h.blocked_minutes),
        unassigned_minutes = coalesce(excluded.unassigned_minutes, h.unassigned_minutes),
        duplicate_similarity = coalesce(excluded.duplicate_similarity, h.duplicate_similarity),
        max_open_tickets = coalesce(excluded.max_open_tickets, h.max_open_tickets),
        silent_minutes = coalesce(excluded.silent_minutes, h.silent_minutes),
        without_worker_minutes = coalesce(excluded.without_worker_minutes, h.without_worker_minutes), updated_at = clock_timestamp();
    -- Pairs below the old similarity were not kept, so tickets are compared again.
    if set_finding_thresholds.duplicate_similarity > 0 and (before.duplicate_similarity = 0 or set_finding_thresholds.duplicate_similarity < before.duplicate_similarity) then
        update finding_checks c set compared_at = '-infinity', compared_ticket = '' where c.stream_id = 'workflow:' || workflow;
    end if;
    return logic.finding_thresholds_json(logic.finding_thresholds_of(workflow));
end
$$;
