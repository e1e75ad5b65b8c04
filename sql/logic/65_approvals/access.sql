-- Who may decide an approval, and locking one.
-- Lock order: job row, ticket row, approval row, then the streams.

-- Checks that a caller may decide: a member of the workflow, and with a key one that has the scope approve.
create function logic.authorize_decision_for(who logic.principal, workflow text, subject text) returns logic.principal language plpgsql as $$
begin
    who := logic.authorize_principal(who, workflow, 'viewer', subject);
    perform logic.require_scope(who, 'approve');
    if who.role = 'viewer' then
        perform logic.fail('forbidden', 'This needs the role member in the workflow; yours is viewer.',
            jsonb_build_object('role', who.role, 'required', 'member'));
    end if;
    perform logic.require_unarchived_workflow(workflow);
    perform logic.set_audit_actor(who);
    return who;
end
$$;

-- The same for a caller that is not identified yet.
create function logic.authorize_decision(caller text, workflow text, subject text) returns logic.principal language plpgsql as $$
begin
    return logic.authorize_decision_for(logic.identify_caller(caller), workflow, subject);
end
$$;

-- Whether the caller requested the approval, in its own name or for an actor.
create function logic.is_requester(who logic.principal, approval approvals) returns boolean language sql immutable
begin atomic
    select coalesce(array[(who).actor_id, logic.effective_actor_id(who)] && array_remove(array[approval.asked_by, approval.asked_through], null), false);
end;

-- Locks an approval together with its job and, for a review, its ticket; returns it as it is then.
create function logic.lock_approval(approval text) returns approvals language plpgsql as $$
declare
    row approvals;
begin
    select * into row from approvals a where a.id = approval;
    if row.job_id is not null then
        perform 1 from jobs j where j.id = row.job_id for no key update;
    end if;
    if row.kind = 'review' then
        perform 1 from tickets t where t.id = row.ticket_id for no key update;
    end if;
    select * into row from approvals a where a.id = approval for no key update;
    return row;
end
$$;
