-- Who works in a workflow, how much they hold, and to whom a ticket could go.

-- One assignee of a workflow. `can_take`: may be assigned more. `silent_since`: the last sign of a silent agent, else null.
create type logic.assignee_load as (agent_id text, name text, open_tickets bigint, can_take boolean, silent_since timestamptz);

-- Since when an agent has done nothing about any of its tickets in active columns; null if it has, or holds none. The same
-- notion as logic.is_silent. Of many tickets 20 are looked at.
create function logic.agent_silent_since(workflow text, agent text, minutes bigint) returns timestamptz language plpgsql stable as $$
declare
    held constant text[] := array(
        select t.id from tickets t
         where t.workflow_id = agent_silent_since.workflow and t.assigned_agent_id = agent and not t.is_resolved and logic.is_live(t)
           and exists (select from board_columns c where c.workflow_id = t.workflow_id and c.id = t.status and c.category = 'active')
         limit 20);
begin
    -- Agents at work are recognized by their first ticket.
    if minutes = 0 or held = '{}' or exists (select from unnest(held) h where not logic.is_silent(h, minutes)) then
        return null;
    end if;
    return greatest(
        (select max(c.seen_at) from ticket_claims c where c.ticket_id = any (held) and c.agent_id = agent),
        (select max(h.changed_at) from history h
          where h.ticket_id = any (held) and (coalesce(h.on_behalf_of, h.actor_id) = agent or h.change_type in ('assigned', 'created'))),
        -- History may be pruned.
        (select min(t.created_at) from tickets t where t.id = any (held)));
end
$$;

-- The assignees of a workflow: who has or had tickets there, by id; at most 200.
create function logic.assignee_loads(workflow text, silent_minutes bigint) returns setof logic.assignee_load language sql stable
begin atomic
    with recursive
    -- One index entry for each assignee.
    assignees as (
        (select t.assigned_agent_id as id, 1 as place from tickets t
          where t.workflow_id = assignee_loads.workflow and t.assigned_agent_id is not null and logic.is_live(t)
          order by t.assigned_agent_id limit 1)
        union all
        select (select t.assigned_agent_id from tickets t
                 where t.workflow_id = assignee_loads.workflow and t.assigned_agent_id > a.id and logic.is_live(t)
                 order by t.assigned_agent_id limit 1), a.place + 1
          from assignees a where a.id is not null and a.place < 200
    )
    select a.id, a.name,
           (select count(*) from (
                select from tickets t
                 where t.workflow_id = assignee_loads.workflow and t.assigned_agent_id = a.id and not t.is_resolved and logic.is_live(t)
                 limit 1000) counted),
           a.disabled_at is null and case a.kind when 'user' then coalesce(m.role <> 'viewer', false) else coalesce(m.role <> 'viewer', true) end,
           case when a.kind <> 'user' then logic.agent_silent_since(assignee_loads.workflow, a.id, silent_minutes) end
      from assignees s
      join actors a on a.id = s.id
      left join workflow_members m on m.workflow_id = assignee_loads.workflow and m.actor_id = a.id;
end;

-- The one with the fewest open tickets who may take another one, does not reach the limit `most` and is not silent; if
-- `instead_of` has a load, one who has less. Null if there is none.
create function logic.suggested_assignee(loads logic.assignee_load[], most bigint, instead_of text default null)
returns logic.assignee_load language sql immutable
begin atomic
    select l.agent_id, l.name, l.open_tickets, l.can_take, l.silent_since
      from unnest(loads) l
     where l.can_take and l.silent_since is null and l.agent_id is distinct from instead_of and (most = 0 or l.open_tickets < most)
       and l.open_tickets < coalesce((select o.open_tickets from unnest(loads) o where o.agent_id = instead_of), 1000)
     order by l.open_tickets, l.agent_id limit 1;
end;

-- "2 open tickets".
create function logic.open_tickets_text(n bigint) returns text language sql immutable
begin atomic
    select case n when 0 then 'no open ticket' when 1 then '1 open ticket' else n || ' open tickets' end;
end;

-- A length of time for people: "45 minutes", "30 hours", "3 days".
create function logic.duration_text(seconds double precision) returns text language sql immutable
begin atomic
    select case when seconds < 120 then '1 minute' when seconds < 7200 then floor(seconds / 60) || ' minutes'
        when seconds < 172800 then floor(seconds / 3600) || ' hours' else floor(seconds / 86400) || ' days' end;
end;
