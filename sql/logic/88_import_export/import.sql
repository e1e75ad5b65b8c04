-- Import: many tickets with their own dates, authors, comments and links, in one transaction. Triggers write history
-- as for any insert. A ticket that was imported before (same external_ref) stays as it is, unless the import updates.
-- What the source said is kept in the custom field `imported` (logic.imported_field).
--
-- The planner can estimate neither the number of items nor the tickets of the running transaction, and would choose
-- nested loops with quadratic time, so they are disabled here.

-- The items of an import as rows. `stage` is open, active or done; `blocked_by`, `parent` and `related` name other
-- items, or tickets imported before, by their external_ref. `past` is where the ticket stood when, if the source says it:
-- [{at, status, started_at, completed_at}]. A title that shows too little gets the ref.
create function logic.import_items(items jsonb) returns table (
    line bigint, ref text, title text, description text, status text, stage text, priority text, ticket_type text,
    author text, assignee text, tags text[], estimate_minutes bigint,
    created_at timestamptz, updated_at timestamptz, started_at timestamptz, closed_at timestamptz,
    parent text, blocked_by text[], related text[], comments jsonb,
    story_points double precision, spent_minutes bigint, due_at timestamptz, source text, url text, past jsonb, milestone text
) language sql stable
begin atomic
    select i.line, i.ref,
           case when logic.content_length(i.title) < 3 then left(i.title, 400) || ' (' || left(i.ref, 90) || ')' else i.title end,
           i.description, i.status, i.stage, i.priority, i.ticket_type, i.author, i.assignee,
           i.tags, i.estimate_minutes, i.created_at, i.updated_at, i.started_at, i.closed_at,
           i.parent, i.blocked_by, i.related, i.comments, i.story_points, coalesce(i.spent_minutes, 0), i.due_at, i.source, i.url, i.past, i.milestone
      from jsonb_to_recordset(items) i (
           line bigint, ref text, title text, description text, status text, stage text, priority text, ticket_type text,
           author text, assignee text, tags text[], estimate_minutes bigint,
           created_at timestamptz, updated_at timestamptz, started_at timestamptz, closed_at timestamptz,
           parent text, blocked_by text[], related text[], comments jsonb,
           story_points double precision, spent_minutes bigint, due_at timestamptz, source text, url text, past jsonb, milestone text);
end;

-- What an import keeps about a ticket beside its fields: {from, url, past, values}. `values` is what the source said, so
-- that a later import sees what changed there and what changed here. Without a known source nothing is kept.
create function logic.imported_field(source text, url text, past jsonb, said jsonb) returns jsonb language sql immutable
begin atomic
    select case when source is not null then jsonb_strip_nulls(jsonb_build_object('from', source, 'url', url, 'past', past))
                || jsonb_build_object('values', said) end;
end;

-- The values of an item, or of a ticket, as a later import compares them.
create function logic.import_values(
    title text, description text, priority text, ticket_type text, assignee text, tags text[], story_points double precision,
    estimate_minutes bigint, spent_minutes bigint, due_on date, status text, milestone_id text
) returns jsonb language sql immutable
begin atomic
    select jsonb_build_object('title', title, 'description', md5(description), 'priority', priority, 'ticket_type', ticket_type,
        'assignee', assignee, 'tags', tags, 'story_points', story_points, 'estimate_minutes', estimate_minutes,
        'spent_minutes', spent_minutes, 'due_on', due_on, 'status', status, 'milestone_id', milestone_id);
end;

-- The workflow of an import: by id, by name, or a new one of that name.
create function logic.resolve_import_workflow(caller text, named text) returns text language plpgsql as $$
begin
    return coalesce(logic.resolve_workflow_id(caller, named), logic.create_workflow(caller, named) ->> 'id');
end
$$;

-- Adds the ticket types that the board lacks and returns them; a board has at most 50.
create function logic.import_ticket_types(workflow text, wanted text[]) returns text[] language plpgsql as $$
declare
    have jsonb := (select b.ticket_types from boards b where b.workflow_id = workflow);
    fresh text[];
begin
    fresh := array(
        select w.id from (select distinct unnest(wanted) as id) w
         where not exists (select from jsonb_array_elements(have) h where lower(h ->> 'id') = lower(w.id))
         order by w.id limit greatest(50 - jsonb_array_length(have), 0));
    if cardinality(fresh) > 0 then
        update boards b set updated_at = clock_timestamp(), ticket_types = b.ticket_types || (
            select jsonb_agg(jsonb_build_object(
                'id', f.id,
                'name', initcap(translate(f.id, '_-', '  ')),
                'icon', coalesce(icons.icon, '🏷️'),
                'color', ('{#0ea5e9,#14b8a6,#84cc16,#eab308,#f97316,#ec4899,#a855f7,#64748b}'::text[])[1 + abs(hashtext(f.id)::bigint) % 8])
                order by f.place)
              from unnest(fresh) with ordinality f (id, place)
              left join (values ('epic', '🏔️'), ('chore', '🧹'), ('story', '📖'), ('docs', '📚'), ('test', '🧪'), ('question', '❓'),
                                ('merge-request', '🔀'), ('convoy', '🚚'), ('agent', '🤖'), ('molecule', '🧬'), ('event', '📅'),
                                ('message', '✉️'), ('role', '🎭'), ('gate', '🚧'), ('rig', '🛠️')) icons (id, icon) on icons.id = lower(f.id))
         where b.workflow_id = workflow;
    end if;
    return fresh;
end
$$;

-- What the progress of an import is found by: the workflow as the import names it, which may be the name of a new one.
create function logic.import_subject(named text) returns text language sql immutable
begin atomic
    select 'import ' || named;
end;

-- The step that the running import is at, as logic.find_progress says it; null without one.
create function logic.find_import_progress(named text) returns jsonb language sql stable
begin atomic
    select logic.find_progress(logic.import_subject(named));
end;

-- `callboard import`: items as in logic.import_items, people as [{id, name}], milestones as in logic.import_milestone_rows; returns
-- counts. `update_existing` carries changes of the source over into tickets that were imported before.
create function logic.import_tickets(
    caller text, named text, items jsonb, people jsonb, update_existing boolean default false, milestones jsonb default '[]'
) returns jsonb language plpgsql as $$
declare
    workflow text := logic.resolve_import_workflow(caller, named);
    who logic.principal := logic.authorize(caller, workflow, 'member');
    before_import bigint := (select count(*) from tickets t where t.workflow_id = workflow and t.external_ref is not null);
    types text[];
    -- Items imported before, and all that this import writes.
    known_items jsonb;
    touched jsonb;
    -- The tickets with new comments.
    commented text[];
    answer jsonb;
begin
    perform logic.require_open_workflow(workflow);
    perform logic.begin_progress(logic.import_subject(named));
    -- Each new ticket is indexed once, with its comments.
    perform set_config('callboard.index_later', 'on', true);
    -- Concurrent imports run one after the other, so that the second finds the tickets of the first.
    perform logic.lock_workflow_stream(workflow);
    answer := logic.count_existing_imports(workflow, items);
    select coalesce(jsonb_agg(e.item) filter (where e.is_known), '[]'), coalesce(jsonb_agg(e.item) filter (where not e.is_known), '[]')
      into known_items, items
      from (select i.item, exists (select from tickets t where t.workflow_id = workflow and t.external_ref = i.item ->> 'ref') as is_known
              from jsonb_array_elements(items) i (item)) e;
    touched := items || case when update_existing then known_items else '[]' end;
    if jsonb_array_length(touched) > 0 then
        types := logic.import_ticket_types(workflow, (select array_agg(distinct i.ticket_type) from logic.import_items(touched) i where i.ticket_type is not null));
        answer := answer || logic.import_agents(people, touched)
            || logic.import_milestones(workflow, logic.effective_actor_id(who), milestones, touched, update_existing);
    end if;
    if jsonb_array_length(items) > 0 then
        perform logic.note_progress('tickets', 0, jsonb_array_length(items));
        answer := answer || logic.import_new_tickets(workflow, items);
    end if;
    if update_existing then
        answer := answer || logic.import_changes(workflow, known_items);
    end if;
    if jsonb_array_length(touched) > 0 then
        perform logic.note_progress('comments', 0, jsonb_array_length(touched));
        commented := logic.import_comments(workflow, logic.effective_actor_id(who), touched);
        answer := answer || jsonb_build_object('comments', cardinality(commented));
    end if;
    if jsonb_array_length(items) > 0 then
        answer := answer || logic.import_blockers(workflow, items);
    end if;
    perform set_config('callboard.index_later', '', true);
    perform logic.index_many_tickets(array(
        select t.id from tickets t
         where t.workflow_id = workflow and logic.is_live(t)
           and (t.external_ref in (select i.ref from logic.import_items(items) i) or t.id = any (commented))
         order by t.id));
    return jsonb_build_object('milestones', 0, 'milestones_updated', 0, 'gone', '[]'::jsonb, 'gone_count', 0, 'agents', 0, 'imported', 0, 'updated', 0, 'kept', 0, 'comments', 0, 'parents', 0, 'blockers', 0, 'related', 0, 'missing_links', 0)
        || answer
        || jsonb_build_object('workflow_id', workflow, 'types_added', coalesce(types, '{}'), 'imported_before', before_import,
            'workflow_name', (select w.name from workflows w where w.id = workflow));
end
$$;

-- How many items were imported before, and how many of these are newer in the source; without a time, nobody knows.
create function logic.count_existing_imports(workflow text, items jsonb) returns jsonb language sql stable set enable_nestloop = off
begin atomic
    select jsonb_build_object(
        'existing', count(*),
        'newer', count(*) filter (where i.updated_at > t.updated_at))
      from logic.import_items(count_existing_imports.items) i
      join tickets t on t.workflow_id = count_existing_imports.workflow and t.external_ref = i.ref;
end;

-- Provisions the people of the new items as agents.
create function logic.import_agents(people jsonb, items jsonb) returns jsonb language plpgsql set enable_nestloop = off as $$
declare
    made bigint;
begin
    insert into actors (id, kind, name)
    select distinct on (p.id) p.id, 'agent', p.name
      from jsonb_to_recordset(people) p (id text, name text)
     where p.id in (select i.author from logic.import_items(items) i union select i.assignee from logic.import_items(items) i
                    union select c ->> 'author' from logic.import_items(items) i, jsonb_array_elements(i.comments) c)
     order by p.id
    on conflict (id) do nothing;
    get diagnostics made = row_count;
    return jsonb_build_object('agents', made);
end
$$;

-- The column for an item's status and stage: one named like the status if its category fits, else the first that
-- fits, else the initial one.
create function logic.import_column(workflow text, status text, stage text) returns text language sql stable
begin atomic
    select coalesce(
        (select c.id from board_columns c
          where c.workflow_id = b.workflow_id
            and case import_column.stage when 'open' then c.category <> 'done' and (lower(c.id) = lower(import_column.status) or c.id = b.initial_status)
                           when 'active' then c.category = 'active' else c.category = 'done' end
          order by lower(c.id) = lower(import_column.status) desc, c.position, c.id limit 1), b.initial_status)
      from boards b where b.workflow_id = import_column.workflow;
end;

-- Inserts the tickets, numbered by creation, ranked by priority, then creation.
create function logic.import_new_tickets(workflow text, items jsonb) returns jsonb language plpgsql set enable_nestloop = off as $$
declare
    wanted constant bigint := jsonb_array_length(items);
    last_before constant bigint := logic.reserve_ticket_numbers(workflow, wanted);
    rank_base constant bigint := (extract(epoch from clock_timestamp()) * 1000000)::bigint - wanted;
    parents bigint;
begin
    with
    -- The items with their ids, numbers and order.
    fresh as materialized (
        select i.*, logic.new_id('ticket') as id,
               last_before + row_number() over (order by i.created_at, i.line) as number,
               row_number() over (order by array_position('{critical,high,medium,low}', i.priority), i.created_at, i.line) as place
          from logic.import_items(items) i
    ),
    -- The column for each status and stage.
    stages as materialized (
        select s.status, s.stage, logic.import_column(workflow, s.status, s.stage) as column_id
          from (select distinct f.status, f.stage from fresh f) s
    ),
    -- All tickets that a link may name.
    known as materialized (
        select f.ref, f.id, f.stage = 'done' as is_resolved from fresh f
        union all
        select t.external_ref, t.id, t.is_resolved from tickets t
         where t.workflow_id = workflow and t.external_ref is not null and logic.is_live(t)
    ),
    -- The milestones that items name.
    named_milestones as materialized (
        select n.name, logic.imported_milestone(workflow, n.name) as id
          from (select distinct f.milestone as name from fresh f where f.milestone is not null) n
    ),
    -- Relations, and blockers that are past because one of the two is resolved.
    relations as (
        select l.id, array_agg(l.target order by l.place) as ids
          from (select f.id, k.id as target, min(r.place) as place
                  from fresh f
                  cross join lateral (
                        select u.ref, u.place, false as blocks from unnest(f.related) with ordinality u (ref, place)
                        union all
                        select u.ref, 1000 + u.place, true from unnest(f.blocked_by) with ordinality u (ref, place)) r
                  join known k on k.ref = r.ref
                 where not r.blocks or k.is_resolved or f.stage = 'done'
                 group by 1, 2) l
         group by l.id
    ),
    -- The inserted tickets.
    made as (
        insert into tickets (id, workflow_id, number, title, description, ticket_type, priority, status, rank,
                             created_by_agent_id, assigned_agent_id, parent_ticket_id, tags, related_ticket_ids, estimate_minutes,
                             story_points, spent_minutes, is_resolved, resolved_at, started_at, completed_at, external_ref,
                             created_at, updated_at, due_on, milestone_id, custom_fields)
        select f.id, workflow, f.number, f.title, f.description, y.id,
               f.priority, s.column_id, 'm' || lpad(to_hex(rank_base + f.place), 14, '0') || '.' || to_hex(f.number),
               f.author, f.assignee, p.id, f.tags, coalesce(r.ids, '{}'), f.estimate_minutes, f.story_points, f.spent_minutes,
               f.stage = 'done', f.closed_at, f.started_at, f.closed_at, f.ref, f.created_at, coalesce(f.updated_at, f.created_at),
               (f.due_at at time zone w.time_zone)::date, n.id,
               case when f.source is not null then jsonb_build_object('imported', logic.imported_field(f.source, f.url, f.past,
                    logic.import_values(f.title, f.description, f.priority, y.id, f.assignee, f.tags, f.story_points,
                        f.estimate_minutes, f.spent_minutes, (f.due_at at time zone w.time_zone)::date, s.column_id, n.id))) end
          from fresh f
          join workflows w on w.id = workflow
          join boards b on b.workflow_id = workflow
          join stages s on s.stage = f.stage and s.status = f.status
         cross join lateral (select coalesce((select x ->> 'id' from jsonb_array_elements(b.ticket_types) x
                    where lower(x ->> 'id') = lower(f.ticket_type) limit 1), b.default_ticket_type) as id) y
          left join known p on p.ref = f.parent
          left join relations r on r.id = f.id
          left join named_milestones n on n.name = f.milestone
         order by f.number
        returning parent_ticket_id
    )
    select count(m.parent_ticket_id) into parents from made m;
    return jsonb_build_object('imported', wanted, 'parents', parents);
end
$$;

-- Comments of the items that their tickets do not have yet, with their authors and dates. The author defaults to the
-- importer, the date to that of the ticket. Returns the ticket of each.
create function logic.import_comments(workflow text, importer text, items jsonb) returns text[] language plpgsql set enable_nestloop = off as $$
declare
    commented text[];
begin
    with
    -- The inserted comments.
    made as (
        insert into ticket_comments (id, ticket_id, workflow_id, agent_id, comment_text, comment_type, created_at)
        select logic.new_id('comment'), t.id, workflow, coalesce(c.author, importer), c.text, coalesce(c.comment_type, 'general'),
               coalesce(c.created_at, t.created_at)
          from logic.import_items(items) i
          join tickets t on t.workflow_id = workflow and t.external_ref = i.ref and logic.is_live(t)
          cross join lateral jsonb_to_recordset(i.comments) c (author text, text text, comment_type text, created_at timestamptz)
         where not exists (select from ticket_comments o
                            where o.ticket_id = t.id and o.created_at = coalesce(c.created_at, t.created_at) and o.comment_text = c.text)
         order by coalesce(c.created_at, t.created_at)
        returning ticket_id
    )
    select coalesce(array_agg(m.ticket_id), '{}') into commented from made m;
    return commented;
end
$$;

-- Blockers of unresolved tickets, also resolved ones, which block when they are reopened; links to unknown tickets are
-- counted.
create function logic.import_blockers(workflow text, items jsonb) returns jsonb language plpgsql set enable_nestloop = off as $$
declare
    made bigint;
begin
    insert into ticket_blockers (ticket_id, blocked_by_ticket_id, workflow_id)
    select distinct t.id, k.id, workflow
      from logic.import_items(items) i
      join tickets t on t.workflow_id = workflow and t.external_ref = i.ref and not t.is_resolved
      cross join lateral unnest(i.blocked_by) l (ref)
      join tickets k on k.workflow_id = workflow and k.external_ref = l.ref and logic.is_live(k)
     where k.id <> t.id;
    made := (select count(*) from logic.import_items(items) i
               join tickets t on t.workflow_id = workflow and t.external_ref = i.ref
               join logic.active_blockers k on k.ticket_id = t.id);
    return jsonb_build_object(
        'blockers', made,
        'related', (select coalesce(sum(cardinality(t.related_ticket_ids)), 0)
                      from logic.import_items(items) i join tickets t on t.workflow_id = workflow and t.external_ref = i.ref),
        'missing_links', (
            select count(*) from logic.import_items(items) i
             cross join lateral unnest(i.blocked_by || i.related || i.parent) l (ref)
             where l.ref is not null
               and not exists (select from tickets t where t.workflow_id = workflow and t.external_ref = l.ref and logic.is_live(t))));
end
$$;
