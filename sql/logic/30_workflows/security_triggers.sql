-- Security events of a workflow: its members and the settings that decide who may do what.
-- Lock order: none besides the rows themselves; an event is one insert.

-- AFTER INSERT, UPDATE or DELETE of workflow_members.
create function logic.member_security() returns trigger language plpgsql as $$
begin
    if tg_op = 'DELETE' then
        perform logic.record_security_event('member_removed', 'ok', old.actor_id, old.workflow_id, jsonb_build_object('role', old.role));
    elsif tg_op = 'INSERT' then
        perform logic.record_security_event('member_added', 'ok', new.actor_id, new.workflow_id, jsonb_build_object('role', new.role),
            -- Who registers with an invitation is not signed in yet.
            actor => case when logic.current_credential() ->> 'actor' = '' then new.actor_id end);
    else
        perform logic.record_security_event('member_role_changed', 'ok', new.actor_id, new.workflow_id,
            jsonb_build_object('role', new.role, 'previous_role', old.role));
    end if;
    return null;
end
$$;

-- AFTER INSERT of membership_invitations. Not with the invited, because whether there is such an actor shows only later.
create function logic.membership_invitation_security() returns trigger language plpgsql as $$
begin
    perform logic.record_security_event('invitation_created', 'ok', null, new.workflow_id,
        jsonb_build_object('role', new.role, 'expires_at', new.expires_at));
    return null;
end
$$;

-- AFTER UPDATE of workflows or boards: names of the changed settings.
create function logic.workflow_security() returns trigger language plpgsql as $$
declare
    after constant jsonb := to_jsonb(new);
    before constant jsonb := to_jsonb(old);
    changed text[];
begin
    select array_agg(n.key order by n.key) into changed
      from jsonb_object_keys(after) n (key)
     where n.key not in ('updated_at', 'name', 'description') and after -> n.key is distinct from before -> n.key;
    if changed is not null then
        perform logic.record_security_event('workflow_setting_changed', 'ok', null, coalesce(after ->> 'workflow_id', after ->> 'id'),
            jsonb_build_object('settings', to_jsonb(changed)));
    end if;
    return null;
end
$$;

create trigger workflow_members_security after insert or delete on workflow_members
    for each row execute function logic.member_security();
create trigger workflow_roles_security after update of role on workflow_members
    for each row when (old.role <> new.role) execute function logic.member_security();
create trigger membership_invitations_security after insert on membership_invitations
    for each row execute function logic.membership_invitation_security();
create trigger workflows_security after update on workflows
    for each row execute function logic.workflow_security();
-- Not for the update that completes a new board.
create trigger boards_security after update on boards
    for each row when (old.default_ticket_type <> '') execute function logic.workflow_security();
