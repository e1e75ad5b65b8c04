-- Engines with an address of their own, and their dashboard: the states of tickets in their words, lists over all workflows.

-- The states that these clients know.
create function logic.engine_states() returns text[] language sql immutable
begin atomic
    select '{draft,ready,blocked,on_hold,assigned,in_progress,verifying,in_review,changes_requested,done,needs_review,cancelled}'::text[];
end;

-- The state that a column stands for. One plain expression, so that queries contain it instead of calling it.
create function logic.engine_column_state(column_id text, category text) returns text language sql immutable
begin atomic
    select case
        when lower(translate(column_id, ' -', '__')) = any (logic.engine_states()) then lower(translate(column_id, ' -', '__'))
        when lower(column_id) in ('backlog', 'icebox') then 'draft'
        when lower(translate(column_id, ' -', '__')) in ('review', 'code_review', 'reviewing') then 'in_review'
        when lower(column_id) in ('testing', 'test', 'verification', 'qa') then 'verifying'
        when lower(column_id) in ('errored', 'failed', 'error') then 'needs_review'
        when lower(column_id) in ('canceled', 'archived') then 'cancelled'
        when category = 'todo' then 'ready'
        when category = 'done' then 'done'
        else 'in_progress' end;
end;

-- The state of each ticket: a word that its board has no column for, else what its review, blockers, column and assignee mean.
create view logic.engine_ticket_states as
select t.id as ticket_id, t.workflow_id, t.created_at, logic.is_live(t) as is_live, s.meant,
       coalesce(t.custom_fields ->> 'engine_state', s.meant) as state
  from tickets t
  join board_columns b on b.workflow_id = t.workflow_id and b.id = t.status
 cross join lateral (
       select case
           when t.approval_status = 'pending_review' then 'needs_review'
           when not t.is_resolved and exists (select from logic.active_blockers k where k.ticket_id = t.id) then 'blocked'
           when t.assigned_agent_id is not null and logic.engine_column_state(b.id, b.category) = 'ready' then 'assigned'
           else logic.engine_column_state(b.id, b.category) end as meant) s;

-- The same for one ticket.
create function logic.engine_state(ticket text) returns text language sql stable
begin atomic
    select s.state from logic.engine_ticket_states s where s.ticket_id = engine_state.ticket;
end;

-- A ticket with what these clients show of it, before its fields are translated.
create function logic.engine_ticket_json(t tickets) returns jsonb language sql stable
begin atomic
    select jsonb_build_object('ticket_id', t.id, 'key', 'TKT-' || t.number, 'workflow_id', t.workflow_id, 'title', t.title,
            'description', t.description, 'status', t.status, 'state', logic.engine_state(t.id), 'priority', t.priority,
            'ticket_type', t.ticket_type, 'parent_ticket_id', t.parent_ticket_id, 'assigned_agent_id', t.assigned_agent_id, 'assignee_name', a.name, 'assignee_kind', a.kind,
            'custom_fields', coalesce(t.custom_fields, '{}'), 'created_at', t.created_at, 'updated_at', t.updated_at)
      from (select 1) one left join actors a on a.id = t.assigned_agent_id;
end;

-- The workflows that a request is about: the named project, else the listener's workflow, else all of the caller's.
create function logic.engine_places(caller text, workflow text, project text) returns text[] language plpgsql as $$
declare
    named constant text := coalesce(project, workflow);
begin
    if named is null then
        return logic.json_text_array(logic.list_own_workflows(caller));
    end if;
    perform logic.authorize(caller, named, 'viewer');
    return array[named];
end
$$;

-- The newest tickets of these workflows with their states, about logic.max_count together, and at least `least_rows` of each that
-- has them.
create function logic.engine_tickets(places text[], least_rows bigint) returns table (id text, created_at timestamptz, state text)
language sql stable
begin atomic
    select s.ticket_id, s.created_at, s.state
      from unnest(places) p (id)
     cross join lateral (
           select v.* from logic.engine_ticket_states v
            where v.workflow_id = p.id and v.is_live
            order by v.created_at desc, v.ticket_id desc
            limit greatest(logic.max_count() / greatest(cardinality(places), 1), least_rows)) s;
end;

-- GET /tickets: newest first, by state, with how many there are (logic.max_count).
create function logic.list_engine_tickets(
    caller text, workflow text default null, project text default null, state text default null, max_rows bigint default 100, skip bigint default 0
) returns jsonb language plpgsql as $$
declare
    places constant text[] := logic.engine_places(caller, workflow, project);
    answer jsonb;
begin
    with
    -- The tickets in the wanted state.
    kept as (
        select t.id, t.created_at from logic.engine_tickets(places, max_rows + skip) t
         where list_engine_tickets.state is null or t.state = list_engine_tickets.state
    ),
    -- One page of them.
    page as (
        select k.* from kept k order by k.created_at desc, k.id desc limit max_rows offset skip
    )
    select jsonb_build_object('count', (select count(*) from kept),
               'tickets', coalesce(jsonb_agg(logic.engine_ticket_json(t) order by t.created_at desc, t.id desc), '[]'))
      into answer
      from page p join tickets t on t.id = p.id;
    return answer;
end
$$;

-- GET /tickets/stats: how many tickets are in each state.
create function logic.count_engine_tickets(caller text, workflow text default null) returns jsonb language plpgsql as $$
declare
    places constant text[] := logic.engine_places(caller, workflow, null);
begin
    return (
        select jsonb_build_object('total', coalesce(sum(n.n), 0), 'byState', coalesce(jsonb_object_agg(n.state, n.n), '{}'))
          from (select t.state, count(*) as n from logic.engine_tickets(places, 0) t group by 1) n);
end
$$;

-- GET /projects: the workflows by name.
create function logic.list_engine_projects(caller text, workflow text default null) returns jsonb language plpgsql as $$
declare
    places constant text[] := logic.engine_places(caller, workflow, null);
begin
    return (
        select coalesce(jsonb_agg(jsonb_build_object('id', w.id, 'name', w.name, 'description', w.description,
                   'created_at', w.created_at, 'updated_at', w.updated_at) order by w.name, w.id), '[]')
          from workflows w where w.id = any (places));
end
$$;

-- GET /tickets/{id}, if asked for with its dependencies and the newest 200 rows of its history.
create function logic.get_engine_ticket(caller text, ticket text, dependencies boolean default false, events boolean default false) returns jsonb
language plpgsql as $$
declare
    access constant logic.ticket_access := logic.authorize_ticket_by_key(caller, ticket, 'viewer');
    held tickets;
    most constant int := logic.max_references();
begin
    select t.* into held from tickets t where t.id = access.ticket_id;
    return logic.engine_ticket_json(held)
        || case when dependencies then jsonb_build_object(
            'blocked_by', (select coalesce(jsonb_agg(jsonb_build_object('id', t.id, 'title', t.title, 'state', logic.engine_state(t.id)) order by t.id), '[]')
                             from (select k.blocked_by_ticket_id as id from logic.active_blockers k where k.ticket_id = held.id
                                    order by 1 limit most) k join tickets t on t.id = k.id),
            'blocks', (select coalesce(jsonb_agg(jsonb_build_object('id', t.id, 'title', t.title, 'state', logic.engine_state(t.id)) order by t.id), '[]')
                         from (select k.ticket_id as id from logic.active_blockers k where k.blocked_by_ticket_id = held.id
                                order by 1 limit most) k join tickets t on t.id = k.id and logic.is_live(t))) else '{}' end
        || case when events then jsonb_build_object('history', logic.ticket_history_json(held, 200)) else '{}' end;
end
$$;
