-- Who may be assigned: a member, given by id, e-mail address or name; or an agent, which clients may create by naming it.

-- The actor of the workflow that a text names: a member by id or e-mail address, an agent that works there by id, a member
-- by name, people first. Null if there is none; a name of several members is rejected.
create function logic.find_assignee(workflow text, named text) returns text language plpgsql stable as $$
declare
    found_id text;
    same_name text[];
begin
    select a.id into found_id
      from workflow_members m
      join actors a on a.id = m.actor_id
      left join users u on u.actor_id = a.id
     where m.workflow_id = find_assignee.workflow and (a.id = named or lower(u.email) = lower(named))
     order by a.kind = 'user' desc, a.id = named desc limit 1;
    if found_id is null and exists (select from actors a where a.id = named and a.kind <> 'user') and logic.is_agent_of_workflow(workflow, named) then
        found_id := named;
    end if;
    if found_id is null then
        select array_agg(n.id order by n.id) into same_name
          from (select a.id, rank() over (order by a.kind = 'user' desc) as place
                  from workflow_members m join actors a on a.id = m.actor_id
                 where m.workflow_id = find_assignee.workflow and lower(a.name) = lower(logic.trim_whitespace(named))) n
         where n.place = 1;
        if cardinality(same_name) > 1 then
            perform logic.fail_invalid('assigned_agent_id', format('must be an id, because several members are named %s: %s', named,
                array_to_string(same_name[1:10], ', ')));
        end if;
        found_id := same_name[1];
    end if;
    return found_id;
end
$$;

-- The pairs of neighbouring letters of a text, in lower case.
create function logic.letter_pairs(word text) returns text[] language sql immutable
begin atomic
    select coalesce(array_agg(distinct substr(lower(word), n, 2)), '{}') from generate_series(1, greatest(char_length(left(word, 200)) - 1, 1)) n;
end;

-- Rejects an assignee that names nobody, with the members and agents of the workflow whose ids or names are most like it.
create function logic.fail_unknown_assignee(workflow text, named text) returns void language plpgsql stable as $$
declare
    near text[];
    shown text;
begin
    with
    -- Members, and agents that have tickets.
    candidates as (
        select a.id, a.name from workflow_members m join actors a on a.id = m.actor_id where m.workflow_id = fail_unknown_assignee.workflow
        union
        select a.id, a.name from tickets t join actors a on a.id = t.assigned_agent_id
         where t.workflow_id = fail_unknown_assignee.workflow and t.deleted_at is null
    ),
    -- How much of the letters each of them shares with the name.
    scored as (
        select c.id, c.name, greatest(logic.name_similarity(c.id, named), logic.name_similarity(c.name, named)) as similarity from candidates c
    )
    select array_agg(s.id order by s.similarity desc, s.id),
           string_agg(case when s.name = s.id then s.id else format('%s (%s)', s.id, s.name) end, ', ' order by s.similarity desc, s.id)
      into near, shown
      from (select * from scored where similarity > 0.3 order by similarity desc, id limit 3) s;
    perform logic.fail('invalid', format('There is no member or agent %s in this workflow.%s', left(named, 200),
            coalesce(' Similar: ' || shown || '.', ' Its members: list_members, GET /api/workflows/{id}/members.')),
        jsonb_build_object('field', 'assigned_agent_id', 'suggestions', to_jsonb(coalesce(near, '{}')),
            'rule', 'must name a member or an agent of the workflow' || coalesce('; similar: ' || shown, '')));
end
$$;

-- How alike two names are, from 0 to 1: the share of letter pairs in common (Dice), or one contains the other.
create function logic.name_similarity(a text, b text) returns double precision language sql immutable
begin atomic
    select case when char_length(b) >= 3 and strpos(lower(a), lower(b)) > 0 then 0.9
                else 2.0 * (select count(*) from unnest(logic.letter_pairs(a)) x join unnest(logic.letter_pairs(b)) y on y = x)
                     / (cardinality(logic.letter_pairs(a)) + cardinality(logic.letter_pairs(b))) end;
end;

-- The id of an assignee that a client names. What names a member is that member. A person must be a member. An unknown
-- agent is created and belongs to the caller, unless the client is strict (MCP, the command line) and the workflow does
-- not provision agents; services that act for agents name them freely. For a strict client, `me` is the caller.
create function logic.ensure_assignee(who logic.principal, workflow text, assignee text) returns text language plpgsql as $$
declare
    member constant text := logic.find_assignee(workflow, assignee);
    own text;
begin
    if member is not null then
        if exists (select from actors a where a.id = member and a.disabled_at is not null) then
            perform logic.fail_invalid('assigned_agent_id', format('must not be %s, who is disabled', member));
        end if;
        return member;
    end if;
    if who.strict_names and lower(assignee) = 'me' then
        return logic.ensure_assignee(who, workflow, logic.effective_actor_id(who));
    end if;
    if assignee = logic.effective_actor_id(who) and not logic.is_person(assignee) then
        return assignee;
    end if;
    if logic.is_person(assignee) or assignee ~ '^[^@]+@[^@]+$' then
        perform logic.fail_invalid('assigned_agent_id', 'must be an agent or a member of the workflow; add the person as a member first');
    end if;
    if who.is_admin and not who.trusted and exists (select from actors a where a.id = assignee) then
        perform logic.fail_invalid('assigned_agent_id', format('must be an agent or a member of the workflow; %s works elsewhere, so add it as a member first', assignee));
    end if;
    own := logic.own_agent_id(who, assignee);
    if own = assignee and exists (select from actors a where a.id = own) then
        return own;
    end if;
    if who.strict_names and not (who.kind = 'service' and who.scopes && '{act_for,*}')
       and not (select w.provision_agents from workflows w where w.id = ensure_assignee.workflow) then
        perform logic.fail_unknown_assignee(workflow, assignee);
    end if;
    perform logic.ensure_agent(own, who.actor_id, 'assigned_agent_id');
    return own;
end
$$;
