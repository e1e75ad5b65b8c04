-- One-time links and tickets: invitations, the set-up of the first administrator, opening a socket.

-- Uses up an invitation, or refuses. Two who use it at once: the second waits, and finds it used.
create function logic.take_invite(invite_hash bytea, email_address text) returns invites language plpgsql as $$
declare
    invite invites;
begin
    update invites set used_at = now()
     where token_hash = invite_hash and purpose = 'register' and used_at is null and expires_at > now()
       and (email is null or email = email_address)
    returning * into invite;
    if invite.token_hash is null then
        perform logic.fail('CB422', 'The invitation is not valid: it was used, has expired, or is for another e-mail.',
            '{"field": "invite", "rule": "is not valid: it was used, has expired, or is for another e-mail"}');
    end if;
    return invite;
end
$$;

create function logic.join_by_invite(invite invites, actor text) returns void language sql
begin atomic
    insert into workflow_members (workflow_id, actor_id, role, added_by)
    select w.id, actor, coalesce((invite).role, 'member'), (invite).created_by
      from workflows w where w.id = (invite).workflow_id
    on conflict do nothing;
end;

-- Invites someone: into a workflow by its owner, to the installation by an administrator.
create function logic.create_invite(
    caller text, invite_hash bytea, email_address text, workflow text, member_role text, hours int
) returns jsonb language plpgsql as $$
declare
    who logic.principal := logic.identify(caller);
    made invites;
begin
    if workflow is not null then
        perform logic.authorize(caller, workflow, 'owner');
    else
        perform logic.require_scope(who, 'manage');
        if not who.is_admin then
            perform logic.fail('CB403', 'Only an administrator may invite without naming a workflow.');
        end if;
    end if;
    if member_role not in ('viewer', 'member', 'owner') then
        perform logic.invalid('role', 'must be viewer, member or owner');
    end if;
    insert into invites (token_hash, purpose, email, workflow_id, role, created_by, expires_at)
    values (invite_hash, 'register', email_address, workflow, case when workflow is not null then coalesce(member_role, 'member') end,
            who.actor_id, now() + make_interval(hours => hours))
    returning * into made;
    return jsonb_build_object('email', made.email, 'workflow_id', made.workflow_id, 'role', made.role, 'expires_at', made.expires_at);
end
$$;

-- Takes up an invitation with an account that exists.
create function logic.accept_invite(caller text, invite_hash bytea) returns jsonb language plpgsql as $$
declare
    who logic.principal := logic.identify(caller);
    invite invites;
begin
    perform logic.require_scope(who, 'manage');
    invite := logic.take_invite(invite_hash, (select u.email from users u where u.actor_id = who.actor_id));
    perform logic.join_by_invite(invite, who.actor_id);
    return jsonb_build_object('workflow_id', invite.workflow_id, 'role', invite.role);
end
$$;

-- Makes the first administrator, or makes one of an account that has the e-mail already: then with this
-- password and without its sessions, because anyone may have registered it. Does nothing, and answers
-- false, where an administrator exists.
create function logic.ensure_admin(email_address text, user_name text, password text) returns jsonb language plpgsql as $$
declare
    existing text;
begin
    perform pg_advisory_xact_lock(hashtext('callboard.first_admin'));
    if logic.admin_exists() then
        return 'false';
    end if;
    select u.actor_id into existing from users u where lower(u.email) = lower(email_address);
    if existing is null then
        perform logic.insert_user(email_address, user_name, password, true);
    else
        update users set password_hash = password, password_changed_at = now() where actor_id = existing;
        update actors set is_admin = true, disabled_at = null where id = existing;
        perform logic.end_sessions(array(select s.id from sessions s where s.actor_id = existing), 'became the administrator');
        update api_keys set revoked_at = now() where actor_id = existing and revoked_at is null;
    end if;
    return 'true';
end
$$;

-- Keeps the hash of a one-time link by which the first administrator is made; false where one exists.
create function logic.offer_setup(link_hash bytea) returns jsonb language plpgsql as $$
begin
    if logic.admin_exists() then
        return 'false';
    end if;
    insert into invites (token_hash, purpose, expires_at) values (link_hash, 'setup', now() + interval '24 hours');
    return 'true';
end
$$;

-- Makes the first administrator by such a link. All links end with it.
create function logic.complete_setup(link_hash bytea, email_address text, user_name text, password text)
returns jsonb language plpgsql as $$
declare
    admin text;
begin
    perform pg_advisory_xact_lock(hashtext('callboard.first_admin'));
    if not exists (select from invites where token_hash = link_hash and purpose = 'setup' and used_at is null and expires_at > now()) then
        perform logic.fail('CB410', 'The set-up link is not valid: it was used or has expired. Restart the server to get a new one.');
    end if;
    if logic.admin_exists() then
        perform logic.fail('CB410', 'An administrator exists already; sign in instead.');
    end if;
    update invites set used_at = now() where purpose = 'setup' and used_at is null;
    admin := logic.insert_user(email_address, user_name, password, true);
    return logic.actor_json(admin);
end
$$;

-- A single-use ticket that opens a socket within 30 seconds as the caller.
create function logic.issue_ws_ticket(caller text, ticket bytea, credential_end timestamptz) returns jsonb language plpgsql as $$
declare
    who logic.principal := logic.identify(caller);
begin
    insert into ws_tickets (ticket_hash, actor_id, session_id, api_key_id, credential_expires_at, expires_at)
    values (ticket, who.actor_id, logic.claim(caller, 'session'), logic.claim(caller, 'key'), credential_end,
            now() + interval '30 seconds');
    return '30';
end
$$;

-- Uses up a ticket: whose it is, or null.
create function logic.redeem_ws_ticket(ticket bytea) returns jsonb language sql volatile
begin atomic
    update ws_tickets set used_at = now()
     where ticket_hash = ticket and used_at is null and expires_at > now()
    returning jsonb_build_object('actor', actor_id, 'session', session_id, 'key', api_key_id, 'expires_at', credential_expires_at);
end;
