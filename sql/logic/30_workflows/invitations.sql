-- Invitations to become a member. An agent joins a workflow of somebody else only after its owner said yes, and a person
-- whom the inviting owner does not know yet after that person did. Whether the invited exists shows only then.

-- The id of an actor given by id or e-mail address; an e-mail address names a person before it names an agent.
create function logic.find_actor(named text) returns text language sql stable
begin atomic
    select coalesce((select u.actor_id from users u where lower(u.email) = lower(named)), (select a.id from actors a where a.id = named));
end;

-- Whether an actor becomes a member, or gets a role, without being asked: what the caller speaks for; a person who is a
-- member, shares a workflow with the caller or is added by an administrator; an agent whose role does not grow.
create function logic.joins_at_once(who logic.principal, workflow text, member text, role text) returns boolean language sql stable
begin atomic
    select logic.speaks_for(who, a.id)
        or case when a.kind = 'user' then (who).is_admin or m.role is not null or exists (
                    select from workflow_members own join workflow_members theirs using (workflow_id)
                     where own.actor_id = (who).actor_id and theirs.actor_id = a.id)
                else coalesce(array_position('{viewer,member,owner}', joins_at_once.role) <= array_position('{viewer,member,owner}', m.role), false) end
      from actors a
      left join workflow_members m on m.workflow_id = joins_at_once.workflow and m.actor_id = a.id
     where a.id = joins_at_once.member;
end;

-- Rejects an invitation beyond what one person, with the agents that act for them, may have pending: 200 over all
-- workflows, and 20 for one name, so that nobody fills an inbox by creating workflows. `named` is counted whether or not it exists.
create function logic.check_invitation_limits(who logic.principal, named text) returns void language plpgsql as $$
declare
    inviter constant text := logic.responsible_actor((who).actor_id);
    pending bigint;
    pending_for_name bigint;
begin
    -- Invitations of one person are counted one after the other.
    perform 1 from actors a where a.id = inviter for no key update;
    select count(*), count(*) filter (where i.named = lower(check_invitation_limits.named)) into pending, pending_for_name
      from membership_invitations i
     where i.invited_by in (select logic.owned_actors(inviter)) and i.expires_at > now();
    if pending >= 200 then
        perform logic.fail('conflict', 'You have 200 pending invitations; withdraw some first.');
    elsif pending_for_name >= 20 then
        perform logic.fail('conflict', format('You have invited %s to 20 workflows already; wait for an answer or withdraw some first.', named));
    end if;
end
$$;

-- Invites an actor for two weeks. `member` is null if there is none of this name; the answer is the same. One that was
-- declined is not shown to the invited again.
create function logic.invite_member(who logic.principal, workflow text, named text, member text, role text) returns jsonb language plpgsql as $$
declare
    made membership_invitations;
begin
    if (select count(*) from membership_invitations i where i.workflow_id = invite_member.workflow and i.expires_at > now()) >= 200 then
        perform logic.fail('conflict', 'This workflow has 200 pending invitations; withdraw some first.');
    end if;
    if not exists (select from membership_invitations i
                    where i.workflow_id = invite_member.workflow and i.named = lower(invite_member.named) and i.expires_at > now()) then
        perform logic.check_invitation_limits(who, named);
    end if;
    insert into membership_invitations as i (id, workflow_id, named, actor_id, role, invited_by, expires_at)
    values (logic.new_id('invitation'), workflow, lower(named), member, role, who.actor_id, now() + interval '14 days')
    on conflict on constraint membership_invitations_once do update
       set actor_id = excluded.actor_id, role = excluded.role, invited_by = excluded.invited_by, created_at = now(),
           expires_at = excluded.expires_at, declined_at = case when i.expires_at > now() then i.declined_at end
    returning * into made;
    return jsonb_build_object('status', 'invited', 'actor_id', named, 'role', role, 'invitation_id', made.id, 'expires_at', made.expires_at);
end
$$;

-- The invitations that the caller decides: its own and those of what it owns; for an administrator also
-- those of agents that belong to nobody.
create function logic.decidable_invitations(who logic.principal) returns setof membership_invitations language sql stable
begin atomic
    select i.*
      from membership_invitations i
      join actors a on a.id = i.actor_id and a.disabled_at is null
      join workflows w on w.id = i.workflow_id and w.archived_at is null
     where (who).kind = 'user' and i.declined_at is null and i.expires_at > now()
       and (i.actor_id in (select logic.owned_actors((who).actor_id))
            or ((who).is_admin and a.kind <> 'user' and logic.responsible_actor(a.id) in (
                select o.id from actors o where o.kind <> 'user')));
end;

-- GET /api/membership-invitations: the newest 200.
create function logic.list_invitations_to_decide(caller text) returns jsonb language plpgsql stable as $$
declare
    who logic.principal := logic.identify_caller(caller);
begin
    perform logic.require_scope(who, 'read');
    return jsonb_build_object('invitations', coalesce((
        select jsonb_agg(jsonb_build_object('invitation_id', i.id, 'workflow_id', w.id, 'workflow_name', w.name,
                   'actor_id', a.id, 'actor_name', a.name, 'actor_kind', a.kind, 'role', i.role,
                   'invited_by', i.invited_by, 'invited_by_name', b.name,
                   'created_at', i.created_at, 'expires_at', i.expires_at) order by i.created_at desc, i.id desc)
          from (select * from logic.decidable_invitations(who) order by created_at desc, id desc limit 200) i
          join workflows w on w.id = i.workflow_id
          join actors a on a.id = i.actor_id
          join actors b on b.id = i.invited_by), '[]'));
end
$$;

-- POST /api/membership-invitations/{id}/accept and /decline. Accepting never lowers a role.
create function logic.decide_invitation(caller text, invitation text, accepted boolean) returns jsonb language plpgsql as $$
declare
    who logic.principal := logic.identify_caller(caller);
    decided membership_invitations;
begin
    perform logic.require_scope(who, 'manage');
    perform 1 from membership_invitations i where i.id = invitation for update;
    select i.* into decided from logic.decidable_invitations(who) i where i.id = invitation;
    if decided.id is null then
        perform logic.fail('not_found', 'There is no such invitation; it may have expired or been withdrawn.');
    end if;
    if not accepted then
        update membership_invitations i set declined_at = now() where i.id = decided.id;
        return jsonb_build_object('actor_id', decided.actor_id, 'workflow_id', decided.workflow_id, 'accepted', false);
    end if;
    if not exists (select from actors a left join workflow_members m on m.workflow_id = decided.workflow_id and m.actor_id = a.id
                    where a.id = decided.invited_by and a.disabled_at is null and (a.is_admin or m.role = 'owner')) then
        perform logic.fail('gone', 'The sender of this invitation no longer owns the workflow; ask for a new one.');
    end if;
    perform logic.record_security_event('invitation_accepted', 'ok', decided.actor_id, decided.workflow_id,
        jsonb_build_object('role', decided.role, 'invited_by', decided.invited_by));
    insert into workflow_members as m (workflow_id, actor_id, role, added_by)
    values (decided.workflow_id, decided.actor_id, decided.role, decided.invited_by)
    on conflict (workflow_id, actor_id) do update set role = excluded.role
     where array_position('{viewer,member,owner}', m.role) < array_position('{viewer,member,owner}', excluded.role);
    delete from membership_invitations i where i.workflow_id = decided.workflow_id and i.actor_id = decided.actor_id;
    return jsonb_build_object('actor_id', decided.actor_id, 'workflow_id', decided.workflow_id, 'accepted', true);
end
$$;

-- GET /api/workflows/{id}/invitations: what its owners wrote, whether or not it names somebody.
create function logic.list_sent_invitations(caller text, workflow text) returns jsonb language plpgsql as $$
begin
    perform logic.authorize(caller, workflow, 'owner');
    return jsonb_build_object('invitations', coalesce((
        select jsonb_agg(jsonb_build_object('invitation_id', i.id, 'actor_id', i.named, 'role', i.role, 'invited_by', i.invited_by,
                   'created_at', i.created_at, 'expires_at', i.expires_at) order by i.created_at desc, i.id desc)
          from membership_invitations i
         where i.workflow_id = workflow and i.expires_at > now()), '[]'));
end
$$;

-- DELETE /api/workflows/{id}/invitations/{invitation}
create function logic.withdraw_invitation(caller text, workflow text, invitation text) returns jsonb language plpgsql as $$
begin
    perform logic.authorize(caller, workflow, 'owner');
    -- A declined one stays until it expires, so that it is not asked again; its owner sees no difference.
    update membership_invitations i set expires_at = now() where i.workflow_id = workflow and i.id = invitation and i.expires_at > now();
    if not found then
        perform logic.fail('not_found', 'There is no such invitation; it may have expired or been answered.');
    end if;
    return 'null';
end
$$;

-- GET /api/agents/{id}/memberships: the workflows that an actor of the caller is a member of.
create function logic.list_memberships(caller text, actor text) returns jsonb language plpgsql stable as $$
declare
    who logic.principal := logic.identify_caller(caller);
    target constant actors := logic.authorize_owned_actor(who, actor);
begin
    perform logic.require_scope(who, 'read');
    return jsonb_build_object('memberships', coalesce((
        select jsonb_agg(jsonb_build_object('workflow_id', w.id, 'workflow_name', w.name, 'actor_id', target.id, 'role', m.role,
                   'added_by', m.added_by, 'added_at', m.added_at) order by lower(w.name), w.id)
          from workflow_members m join workflows w on w.id = m.workflow_id
         where m.actor_id = target.id), '[]'));
end
$$;
