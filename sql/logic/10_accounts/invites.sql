-- Invitations: one-time links to a workflow or to the installation.

-- Whether an invitation can be used: open, used, withdrawn, expired, or unauthorized because its sender was disabled or may no
-- longer invite, so that nobody comes back by a link of their own.
create function logic.invite_state(invite invites) returns text language sql stable
begin atomic
    select case
        when (invite).used_at is not null then 'used'
        when (invite).withdrawn_at is not null then 'withdrawn'
        when (invite).expires_at <= now() then 'expired'
        when exists (select from actors a
                       left join workflow_members m on m.workflow_id = (invite).workflow_id and m.actor_id = a.id
                      where a.id = (invite).created_by and a.disabled_at is null and (a.is_admin or m.role = 'owner')) then 'open'
        else 'unauthorized' end;
end;

-- The id by which owners name an invitation. Neither the token nor its stored hash can be derived from it.
create function logic.invite_id(invite invites) returns text language sql immutable
begin atomic
    select 'invite-' || encode(substr(sha256((invite).token_hash), 1, 16), 'hex');
end;

-- Redeems an invitation, or fails and names the reason, which is for everyone who holds the token.
create function logic.redeem_invite(invite_hash bytea, email_address text) returns invites language plpgsql as $$
declare
    invite invites;
    reason text;
begin
    -- Of two concurrent uses the second waits here and finds it used.
    select i.* into invite from invites i where i.token_hash = invite_hash and i.purpose = 'register' for update;
    reason := case
        when invite.token_hash is null then 'does not exist; copy the whole link that you were sent'
        else case logic.invite_state(invite)
            when 'used' then 'was used already; ask for a new one'
            when 'withdrawn' then 'was withdrawn; ask for a new one'
            when 'expired' then 'has expired; ask for a new one'
            when 'unauthorized' then 'is not valid any longer, because its sender may not invite now; ask an owner of the workflow for a new one'
            else case when invite.email <> email_address then 'is for another e-mail address' end
        end
    end;
    if reason is not null then
        perform logic.fail('invalid', format('The invitation %s.', reason), jsonb_build_object('field', 'invite', 'rule', reason));
    end if;
    update invites i set used_at = now() where i.token_hash = invite_hash returning i.* into invite;
    return invite;
end
$$;

-- What an invitation is for, to everyone who holds its token, before they have an account. Of one that was withdrawn or
-- whose sender may not invite any longer, nothing but that. The e-mail address that it is limited to is shortened.
create function logic.find_invite(invite_hash bytea) returns jsonb language plpgsql stable as $$
declare
    found_invite jsonb;
begin
    select jsonb_build_object('state', s.state, 'expires_at', i.expires_at, 'workflow_id', w.id, 'workflow_name', w.name,
               'role', case when b.id is not null then i.role end, 'invited_by_name', b.name,
               'email_hint', regexp_replace(i.email, '^(.)[^@]*', '\1…'))
      into found_invite
      from invites i
     cross join lateral (select logic.invite_state(i) as state) s
      left join actors b on b.id = i.created_by and s.state in ('open', 'used', 'expired')
      left join workflows w on w.id = i.workflow_id and b.id is not null
     where i.token_hash = invite_hash and i.purpose = 'register';
    if found_invite is null then
        perform logic.fail('not_found', 'There is no such invitation: the link is incomplete, or it ended more than a month ago.');
    end if;
    return found_invite;
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
    if (select count(*) from invites i where i.created_by = who.actor_id and i.used_at is null and i.withdrawn_at is null and i.expires_at > now()) >= 200 then
        perform logic.fail('conflict', 'You have 200 invitations that nobody has used yet; wait until some are used or expire.');
    end if;
    insert into invites (token_hash, purpose, email, workflow_id, role, created_by, expires_at)
    values (invite_hash, 'register', email_address, workflow, case when workflow is not null then coalesce(member_role, 'member') end,
            who.actor_id, now() + make_interval(hours => hours))
    returning * into made;
    return jsonb_build_object('invite_id', logic.invite_id(made), 'email', made.email, 'workflow_id', made.workflow_id, 'role', made.role, 'expires_at', made.expires_at);
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

-- GET /api/workflows/{id}/invite-links: the newest 200 links to a workflow, also those that ended in the last month.
create function logic.list_invite_links(caller text, workflow text) returns jsonb language plpgsql as $$
begin
    perform logic.authorize(caller, workflow, 'owner');
    return jsonb_build_object('links', coalesce((
        select jsonb_agg(jsonb_build_object('invite_id', i.invite_id, 'state', i.state, 'role', i.role,
                   'email', i.email, 'invited_by', b.id, 'invited_by_name', b.name, 'created_at', i.created_at,
                   'expires_at', i.expires_at, 'used_at', i.used_at, 'withdrawn_at', i.withdrawn_at) order by i.created_at desc, i.token_hash)
          from (select l.*, logic.invite_id(l) as invite_id, logic.invite_state(l) as state
                  from invites l
                 where l.workflow_id = workflow and l.purpose = 'register'
                 order by l.created_at desc, l.token_hash limit 200) i
          join actors b on b.id = i.created_by), '[]'));
end
$$;

-- DELETE /api/workflows/{id}/invite-links/{invite}
create function logic.withdraw_invite_link(caller text, workflow text, invite text) returns jsonb language plpgsql as $$
begin
    perform logic.authorize(caller, workflow, 'owner');
    update invites i set withdrawn_at = now()
     where i.workflow_id = workflow and i.purpose = 'register' and logic.invite_id(i) = invite
       and i.used_at is null and i.withdrawn_at is null and i.expires_at > now();
    if not found then
        perform logic.fail('not_found', 'There is no such link; it may have been used or have expired.');
    end if;
    return 'null';
end
$$;
