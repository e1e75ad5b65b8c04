-- Members of a workflow.

-- GET /api/workflows/{id}/members
create function logic.list_members(caller text, workflow text) returns jsonb language plpgsql as $$
begin
    perform logic.authorize(caller, workflow, 'viewer');
    return jsonb_build_object('members', coalesce((
        select jsonb_agg(jsonb_build_object('actor_id', a.id, 'name', a.name, 'kind', a.kind, 'email', u.email,
                                            'role', m.role, 'added_at', m.added_at) order by lower(a.name), a.id)
          from workflow_members m
          join actors a on a.id = m.actor_id
          left join users u on u.actor_id = a.id
         where m.workflow_id = workflow), '[]'));
end
$$;

-- PUT /api/workflows/{id}/members/{actor}: `actor` is an actor's id, or a person's e-mail address. Who must be asked first
-- is invited, and so is a name that exists nowhere.
create function logic.set_member(caller text, workflow text, actor text, role text) returns jsonb language plpgsql as $$
declare
    who logic.principal := logic.authorize(caller, workflow, 'owner');
    member text := logic.find_actor(actor);
begin
    if member is null and (who.is_admin or who.trusted
                           or actor !~ '^([A-Za-z0-9][A-Za-z0-9_./:@+-]{0,127}|[^@[:space:][:cntrl:]]+@[^@[:space:][:cntrl:]]+)$') then
        perform logic.fail('not_found', format('There is no actor %s.', actor));
    end if;
    if not coalesce(logic.joins_at_once(who, workflow, member, role), false) then
        return logic.invite_member(who, workflow, actor, member, role);
    end if;
    if role <> 'owner' then
        perform logic.require_remaining_owner(workflow, member);
    end if;
    insert into workflow_members (workflow_id, actor_id, role, added_by)
    values (workflow, member, set_member.role, who.actor_id)
    on conflict (workflow_id, actor_id) do update set role = excluded.role;
    return jsonb_build_object('actor_id', member, 'role', role);
end
$$;

-- DELETE /api/workflows/{id}/members/{actor}: owners remove any member, every member may leave, and the owner of an agent
-- may take it out without being a member.
create function logic.remove_member(caller text, workflow text, actor text) returns jsonb language plpgsql as $$
declare
    who logic.principal := logic.identify_caller(caller);
    taken_out constant boolean := not who.is_admin and who.actor_id <> actor and who.actor_id = any (logic.owner_line(actor))
        and exists (select from workflow_members m where m.workflow_id = remove_member.workflow and m.actor_id = remove_member.actor)
        and not exists (select from workflow_members m where m.workflow_id = remove_member.workflow and m.actor_id = who.actor_id and m.role = 'owner');
begin
    if taken_out then
        perform logic.require_scope(who, 'manage');
        perform logic.set_audit_actor(who);
    else
        who := logic.authorize_principal(who, workflow, case when who.actor_id = actor then 'viewer' else 'owner' end);
        perform logic.require_remaining_owner(workflow, actor);
    end if;
    delete from workflow_members m where m.workflow_id = workflow and m.actor_id = actor;
    if not found then
        perform logic.fail('not_found', format('There is no member %s in this workflow.', actor));
    end if;
    perform logic.end_claims_of(array[actor], workflow);
    return jsonb_build_object('actor_id', actor, 'removed', true);
end
$$;

-- Rejects removing the last owner of a workflow.
create function logic.require_remaining_owner(workflow text, leaving text) returns void language plpgsql as $$
begin
    perform 1 from workflow_members m where m.workflow_id = workflow and m.role = 'owner' order by m.actor_id for update;
    if exists (select from workflow_members m where m.workflow_id = workflow and m.role = 'owner' and m.actor_id = leaving)
       and not exists (select from workflow_members m where m.workflow_id = workflow and m.role = 'owner' and m.actor_id <> leaving) then
        perform logic.fail('conflict', 'A workflow needs an owner; make another member an owner first.');
    end if;
end
$$;
