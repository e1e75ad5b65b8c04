-- Triggers of findings: their beginning and end are events of the workflow and, if they are about a ticket, of the ticket. So
-- is a change of the thresholds.
-- Lock order: the row of finding_checks, findings or thresholds, then the stream.

-- A finding as its events show it.
create function logic.finding_event_json(finding findings) returns jsonb language sql immutable
begin atomic
    select finding.details || jsonb_build_object('finding_id', finding.id, 'opened_at', finding.opened_at, 'closed_at', finding.closed_at);
end;

-- AFTER INSERT, by statement: the findings that began, the longest-standing first.
create function logic.findings_inserted() returns trigger language plpgsql as $$
declare
    changes logic.change[];
begin
    select array_agg((n.workflow_id, n.ticket_id, 'finding_opened', 'finding', null, n.kind, n.message,
            jsonb_build_object('changes', '{}'::jsonb, 'finding', logic.finding_event_json(n)), null, null)::logic.change
            order by array_position(logic.finding_kinds(), n.kind), n.since, n.id)
      into changes from new_rows n where n.closed_at is null;
    perform logic.record_changes(changes);
    return null;
end
$$;

-- AFTER UPDATE, by statement: the findings that ended.
create function logic.findings_updated() returns trigger language plpgsql as $$
declare
    changes logic.change[];
begin
    select array_agg((n.workflow_id, n.ticket_id, 'finding_closed', 'finding', n.kind, null, 'No longer: ' || n.message,
            jsonb_build_object('changes', '{}'::jsonb, 'finding', logic.finding_event_json(n)), null, null)::logic.change
            order by array_position(logic.finding_kinds(), n.kind), n.since, n.id)
      into changes from new_rows n join old_rows o using (id)
     where n.closed_at is not null and o.closed_at is null;
    perform logic.record_changes(changes);
    return null;
end
$$;

-- AFTER INSERT or UPDATE of finding_thresholds, by row: one event for each threshold that changed.
create function logic.finding_thresholds_written() returns trigger language plpgsql as $$
declare
    before constant jsonb := logic.finding_thresholds_json(logic.complete_finding_thresholds(new.workflow_id, case when tg_op = 'UPDATE' then old end));
    after constant jsonb := logic.finding_thresholds_json(logic.complete_finding_thresholds(new.workflow_id, new));
begin
    perform logic.record_json_changes((
        select jsonb_agg(jsonb_build_object(
            'workflow_id', new.workflow_id, 'change_type', 'workflow_updated', 'field_name', k.name, 'old_value', before ->> k.name,
            'new_value', after ->> k.name, 'description', format('Changed the threshold of findings %s.', k.name),
            'metadata', jsonb_build_object('workflow', (select logic.workflow_event_json(w) from workflows w where w.id = new.workflow_id)))
            order by k.name)
          from jsonb_object_keys(after) k (name)
         where before -> k.name <> after -> k.name));
    return null;
end
$$;

create trigger findings_inserted after insert on findings
    referencing new table as new_rows for each statement when (coalesce(current_setting('callboard.archive', true), '') <> 'on')
    execute function logic.findings_inserted();
create trigger findings_updated after update on findings
    referencing old table as old_rows new table as new_rows for each statement execute function logic.findings_updated();
create trigger finding_thresholds_written after insert or update on finding_thresholds
    for each row when (coalesce(current_setting('callboard.archive', true), '') <> 'on')
    execute function logic.finding_thresholds_written();
