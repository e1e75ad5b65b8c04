-- Triggers of ticket_activities: what external programs report about a ticket is an event of the ticket.
-- Lock order: the activity row, then the stream.

-- BEFORE INSERT, by row: fills a missing id.
create function logic.activity_before_insert() returns trigger language plpgsql as $$
begin
    new.id := coalesce(new.id, logic.new_id('activity'));
    return new;
end
$$;

-- AFTER INSERT, by statement. The ticket's own row is unchanged.
create function logic.activities_inserted() returns trigger language plpgsql as $$
declare
    changes logic.change[];
begin
    select array_agg((n.workflow_id, n.ticket_id, case n.event when 'state_change' then 'ticket_state'
                when 'progress' then 'ticket_progress' else n.event end, n.event, null, coalesce(n.state, n.pr_url, n.phase, n.category),
            coalesce(n.message, n.notice, case n.event when 'pr_created' then 'Opened the pull request ' || n.pr_url || '.'
                else 'Reported as ' || coalesce(n.state, n.phase) || '.' end),
            jsonb_build_object('changes', '{}'::jsonb, 'activity', logic.activity_json(n)), null, null)::logic.change
            order by n.created_at, n.id)
      into changes from new_rows n;
    perform logic.record_changes(changes);
    return null;
end
$$;

create trigger activity_before_insert before insert on ticket_activities
    for each row when (coalesce(current_setting('callboard.archive', true), '') <> 'on')
    execute function logic.activity_before_insert();
create trigger activities_inserted after insert on ticket_activities
    referencing new table as new_rows for each statement when (coalesce(current_setting('callboard.archive', true), '') <> 'on')
    execute function logic.activities_inserted();
