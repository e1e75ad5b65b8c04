-- Whether a workflow may be changed.

-- Rejects changes in an archived workflow.
create function logic.require_unarchived_workflow(workflow text) returns void language plpgsql stable as $$
begin
    if (select w.archived_at from workflows w where w.id = workflow) is not null then
        perform logic.fail('conflict', 'This workflow is archived; restore it first.');
    end if;
end
$$;

-- Rejects ticket changes in a workflow that is archived or has ticket tracking off.
create function logic.require_open_workflow(workflow text) returns void language plpgsql stable as $$
begin
    -- Nearly always so, and one look instead of two.
    if exists (select from workflows w where w.id = workflow and w.archived_at is null and w.ticket_tracking) then
        return;
    end if;
    perform logic.require_unarchived_workflow(workflow);
    if not (select w.ticket_tracking from workflows w where w.id = workflow) then
        perform logic.fail('ticket_tracking_off', 'Ticket tracking is off for this workflow.');
    end if;
end
$$;
