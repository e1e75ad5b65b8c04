-- Whose an actor is. People own themselves; an agent or service belongs to the actor at the end of its line of owners.

-- The actor and its owners, nearest first, at most ten of them.
create function logic.owner_line(actor text) returns text[] language sql stable
begin atomic
    with recursive
    -- Each row is owned by the next.
    line as (
        select a.id, a.owner_id, 1 as place from actors a where a.id = owner_line.actor
        union all
        select a.id, a.owner_id, l.place + 1 from line l join actors a on a.id = l.owner_id where l.place < 10
    )
    select coalesce(array_agg(l.id order by l.place), '{}') from line l;
end;

-- The actor at the end of the line: a person, or an agent or service that belongs to nobody.
create function logic.responsible_actor(actor text) returns text language sql stable
begin atomic
    select line[cardinality(line)] from (select logic.owner_line(responsible_actor.actor) as line) l;
end;

-- The actor and everything that belongs to it, directly or through others.
create function logic.owned_actors(actor text) returns setof text language sql stable
begin atomic
    with recursive
    -- From the owner down.
    owned as (
        select a.id, 1 as depth from actors a where a.id = owned_actors.actor
        union all
        select a.id, o.depth + 1 from owned o join actors a on a.owner_id = o.id where o.depth < 10
    )
    select o.id from owned o;
end;

-- Whether the caller speaks for an actor, so that no other consent is needed: itself and what has the same owner; for an
-- administrator what belongs to nobody; with direct database access all.
create function logic.speaks_for(who logic.principal, actor text) returns boolean language sql stable
begin atomic
    select coalesce((who).trusted
        or o.responsible = logic.responsible_actor((who).actor_id)
        or ((who).is_admin and a.kind <> 'user'), false)
      from (select logic.responsible_actor(speaks_for.actor) as responsible) o
      left join actors a on a.id = o.responsible;
end;

-- Whether an agent is only a name, without an owner, keys and memberships, such as the author of imported tickets.
create function logic.is_name_only(agent text) returns boolean language sql stable
begin atomic
    select exists (
        select from actors a
         where a.id = is_name_only.agent and a.kind = 'agent' and a.owner_id is null
           and not exists (select from api_keys k where k.actor_id = a.id)
           and not exists (select from workflow_members m where m.actor_id = a.id));
end;

-- The id under which the caller's owner has an agent of this name. A name that a stranger's agent has gets a suffix, which
-- is the same each time, so that owners neither share agents nor learn of each other's.
create function logic.own_agent_id(who logic.principal, named text) returns text language plpgsql stable as $$
declare
    line text[];
    own_line text[];
begin
    if who.trusted or who.is_admin or not exists (select from actors a where a.id = named and a.kind <> 'user') then
        return named;
    end if;
    line := logic.owner_line(named);
    own_line := logic.owner_line(who.actor_id);
    if line[cardinality(line)] = own_line[cardinality(own_line)] or logic.is_name_only(named)
       or exists (select from workflow_members theirs join workflow_members own using (workflow_id)
                   where theirs.actor_id = any (line) and own.actor_id = any (own_line)) then
        return named;
    end if;
    return left(named, 117) || '-' || left(md5(own_line[cardinality(own_line)] || ' ' || named), 10);
end
$$;

-- Whether an agent or service works in a workflow: it or an owner of it is a member, or it has tickets there, or it is only
-- a name.
create function logic.is_agent_of_workflow(workflow text, agent text) returns boolean language sql stable
begin atomic
    select exists (select from workflow_members m
                    where m.workflow_id = is_agent_of_workflow.workflow and m.actor_id = any (logic.owner_line(is_agent_of_workflow.agent)))
        or exists (select from tickets t
                    where t.workflow_id = is_agent_of_workflow.workflow and t.assigned_agent_id = is_agent_of_workflow.agent and t.deleted_at is null)
        or logic.is_name_only(is_agent_of_workflow.agent);
end;

-- Rejects an id that no agent may have: of a person, of an e-mail address, not in the form of ids, or one under which the
-- server (system, callboard) and direct database access (db:role) are recorded.
create function logic.check_new_agent_id(agent text, field text) returns void language plpgsql immutable as $$
begin
    if agent like 'user-%' then
        perform logic.fail_invalid(field, 'must not begin with "user-": that is a person, and there is none with this id');
    end if;
    if agent ~* '^(db:.*|db|system|callboard)$' then
        perform logic.fail_invalid(field, 'must not be system, callboard, db or begin with "db:", because history names the server and the database so');
    end if;
    if agent !~ '^[A-Za-z0-9][A-Za-z0-9_./:@+-]{0,127}$' then
        perform logic.fail_invalid(field, 'must be 1 to 128 letters, digits or _ . / : @ + - and begin with a letter or digit');
    end if;
    if agent ~ '^[^@]+@[^@]+$' then
        perform logic.fail_invalid(field, 'must not be an e-mail address, because those name people');
    end if;
end
$$;
