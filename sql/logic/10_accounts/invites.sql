-- Invitations: one-time links to a workflow or to the installation.

-- Redeems an invitation, or fails. Of two concurrent uses the second waits and finds it used. One whose sender was disabled or
-- may no longer invite is not valid, so that nobody comes back by a link of their own.
create function logic.redeem_invite(invite_hash bytea, email_address text) returns invites language plpgsql as $$
declare
    invite invites;
begin
    update invites set used_at = now()
     where token_hash = invite_hash and purpose = 'register' and used_at is null and expires_at > now()
       and (email is null or email = email_address)
       and exists (select from actors a
                     left join workflow_members m on m.workflow_id = invites.workflow_id and m.actor_id = a.id
                    where a.id = invites.created_by and a.disabled_at is null and (a.is_admin or m.role = 'owner'))
    returning * into invite;
    if invite.token_hash is null then
        perform logic.fail('invalid', 'The invitation is not valid: it was used, has expired, is for another e-mail, or its sender may not invite any longer.',
            '{"field": "invite", "rule": "is not valid: it was used, has expired, is for another e-mail, or its sender may not invite any longer"}');
    end if;
    return invite;
end
$$;

-- Adds a person to the workflow of an invitation, if it names one.
create function logic.add_invited_member(invite invites, actor text) returns void language sql
begin atomic
    insert into workflow_members (workflow_id, actor_id, role, added_by)
    select w.id, actor, coalesce((invite).role, 'member'), (invite).created_by
      from workflows w where w.id = (invite).workflow_id
    on conflict do nothing;
end;

-- Invites a person: into a workflow by its owner, to the installation by an administrator.
create function logic.create_invite(
    caller text, invite_hash bytea, email_address text, workflow text, member_role text, hours int
) returns jsonb language plpgsql as $$
declare
    who logic.principal := logic.identify_caller(caller);
    made invites;
begin
    if workflow is not null then
        who := logic.authorize_principal(who, workflow, 'owner');
    else
        perform logic.require_scope(who, 'manage');
        if not who.is_admin then
            perform logic.fail('forbidden', 'Only an administrator may invite without naming a workflow.');
        end if;
    end if;
    if member_role not in ('viewer', 'member', 'owner') then
        perform logic.fail_invalid('role', 'must be viewer, member or owner');
    end if;
    -- Invitations of one person are counted one after the other.
    perform 1 from actors a where a.id = who.actor_id for no key update;
    if (select count(*) from invites i where i.created_by = who.actor_id and i.used_at is null and i.expires_at > now()) >= 200 then
        perform logic.fail('conflict', 'You have 200 invitations that nobody has used yet; wait until some are used or expire.');
    end if;
    insert into invites (token_hash, purpose, email, workflow_id, role, created_by, expires_at)
    values (invite_hash, 'register', email_address, workflow, case when workflow is not null then coalesce(member_role, 'member') end,
            who.actor_id, now() + make_interval(hours => hours))
    returning * into made;
    return jsonb_build_object('email', made.email, 'workflow_id', made.workflow_id, 'role', made.role, 'expires_at', made.expires_at);
end
$$;

-- Redeems an invitation with an existing account. Agents join through their owner (30_workflows/invitations.sql).
create function logic.accept_invite(caller text, invite_hash bytea) returns jsonb language plpgsql as $$
declare
    who logic.principal := logic.identify_caller(caller);
    invite invites;
begin
    perform logic.require_scope(who, 'manage');
    if who.kind <> 'user' then
        perform logic.fail('forbidden', 'Only a person accepts an invitation; the owner of a workflow adds agents as members.');
    end if;
    invite := logic.redeem_invite(invite_hash, (select u.email from users u where u.actor_id = who.actor_id));
    perform logic.add_invited_member(invite, who.actor_id);
    return jsonb_build_object('workflow_id', invite.workflow_id, 'role', invite.role);
end
$$;
