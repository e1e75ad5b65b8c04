-- Boards: templates, the configuration document, and changing it.

-- The ticket types of every template.
create function logic.default_ticket_types() returns jsonb language sql immutable
begin atomic
    select '[
        {"id": "bug", "name": "Bug", "icon": "🐛", "color": "#ef4444"},
        {"id": "feature", "name": "Feature", "icon": "✨", "color": "#3b82f6"},
        {"id": "improvement", "name": "Improvement", "icon": "📈", "color": "#10b981"},
        {"id": "task", "name": "Task", "icon": "📋", "color": "#6b7280"},
        {"id": "spike", "name": "Spike", "icon": "🔬", "color": "#8b5cf6"}]'::jsonb;
end;

-- The boards a new workflow can start from.
create function logic.board_templates() returns jsonb language sql immutable
begin atomic
    select jsonb_object_agg(t.name, jsonb_build_object(
        'name', t.title, 'columns', t.columns, 'initial_status', t.columns -> 0 ->> 'id',
        'ticket_types', t.types, 'default_ticket_type', 'task'))
    from (values
        ('development', 'Development Board', '[
            {"id": "backlog", "name": "Backlog", "color": "#9ca3af", "category": "todo"},
            {"id": "todo", "name": "To Do", "color": "#6b7280", "category": "todo"},
            {"id": "in_progress", "name": "In Progress", "color": "#3b82f6", "category": "active"},
            {"id": "review", "name": "Code Review", "color": "#f59e0b", "category": "active"},
            {"id": "testing", "name": "Testing", "color": "#8b5cf6", "category": "active"},
            {"id": "done", "name": "Done", "color": "#10b981", "category": "done"}]'::jsonb, logic.default_ticket_types()),
        ('sdlc', 'Delivery Board', '[
            {"id": "idle", "name": "Idle", "color": "#9ca3af", "category": "todo"},
            {"id": "plan", "name": "Plan", "color": "#3b82f6", "category": "active"},
            {"id": "build", "name": "Build", "color": "#f59e0b", "category": "active"},
            {"id": "review", "name": "Review", "color": "#8b5cf6", "category": "active"},
            {"id": "shipped", "name": "Shipped", "color": "#10b981", "category": "done"},
            {"id": "errored", "name": "Errored", "color": "#ef4444", "category": "active"}]'::jsonb, logic.default_ticket_types()),
        ('security', 'Security Board', '[
            {"id": "found", "name": "Found", "color": "#ef4444", "category": "todo"},
            {"id": "triaging", "name": "Triaging", "color": "#f59e0b", "category": "active"},
            {"id": "reproduced", "name": "Reproduced", "color": "#3b82f6", "category": "active"},
            {"id": "fixing", "name": "Fixing", "color": "#8b5cf6", "category": "active"},
            {"id": "fp", "name": "False Positive", "color": "#6b7280", "category": "done"},
            {"id": "fixed", "name": "Fixed", "color": "#10b981", "category": "done"}]'::jsonb, logic.default_ticket_types()),
        ('research', 'Research Board', '[
            {"id": "identified", "name": "Identified", "color": "#9ca3af", "category": "todo"},
            {"id": "analyzing", "name": "Analyzing", "color": "#3b82f6", "category": "active"},
            {"id": "writing", "name": "Writing Up", "color": "#f59e0b", "category": "active"},
            {"id": "documented", "name": "Documented", "color": "#10b981", "category": "done"}]'::jsonb, logic.default_ticket_types())
    ) t (name, title, columns, types);
end;

-- The board's configuration as every door shows it.
create function logic.board_config(workflow text) returns jsonb language sql stable
begin atomic
    select jsonb_build_object(
        'board_id', 'board-' || b.workflow_id,
        'workflow_id', b.workflow_id,
        'name', b.name,
        'columns', (
            select coalesce(jsonb_agg(jsonb_build_object(
                'id', c.id, 'name', c.name, 'order', c.position, 'color', c.color, 'wip_limit', c.wip_limit,
                'category', c.category,
                'ticket_count', (select count(*) from tickets t
                                  where t.workflow_id = c.workflow_id and t.status = c.id and logic.is_live(t)))
                order by c.position, c.id), '[]')
            from board_columns c where c.workflow_id = b.workflow_id),
        'ticket_types', b.ticket_types,
        'default_ticket_type', b.default_ticket_type,
        'initial_status', b.initial_status,
        'settings', jsonb_build_object(
            'auto_assign', b.auto_assign,
            'require_comments_on_status_change', b.require_comments_on_status_change,
            'allow_reopen', b.allow_reopen,
            'track_time', b.track_time,
            'wip_policy', b.wip_policy,
            'human_review', b.human_review),
        'transitions', (
            select coalesce(jsonb_agg(jsonb_build_object('from', x.from_status, 'to', x.to_status)
                                      order by x.from_status, x.to_status), '[]')
            from board_transitions x where x.workflow_id = b.workflow_id))
      from boards b where b.workflow_id = board_config.workflow;
end;

-- What a column without a stated category is: done if its id says so or it comes last, todo if it is the
-- initial one or its id says so, else active.
create function logic.guess_category(id text, is_initial boolean, is_last boolean) returns text language sql immutable
begin atomic
    select case
        when lower(id) in ('done', 'closed', 'shipped', 'fixed', 'resolved', 'completed', 'documented', 'fp', 'wontfix', 'cancelled', 'canceled', 'rejected') then 'done'
        when is_initial or lower(id) in ('backlog', 'todo', 'to_do', 'open', 'new', 'idle', 'ready', 'found', 'identified') then 'todo'
        when is_last then 'done'
        else 'active' end;
end;

-- Refuses a configuration that breaks a rule, before anything is written; names the first entry at fault.
create function logic.check_board(config jsonb) returns void language plpgsql immutable as $$
declare
    ids text[] := (select array_agg(c ->> 'id') from jsonb_array_elements(coalesce(config -> 'columns', '[]')) c);
    types text[] := (select array_agg(t ->> 'id') from jsonb_array_elements(coalesce(config -> 'ticket_types', '[]')) t);
    word constant text := '^[A-Za-z0-9][A-Za-z0-9_.-]{0,49}$';
    colour constant text := '^#[0-9A-Za-z]{1,20}$';
    fault record;
begin
    if coalesce(cardinality(ids), 0) not between 1 and 50 then
        perform logic.invalid('board_config.columns', 'must list 1 to 50 columns');
    end if;
    if coalesce(cardinality(types), 0) not between 1 and 50 then
        perform logic.invalid('board_config.ticket_types', 'must list 1 to 50 ticket types');
    end if;
    with
    -- The entries of the three lists, counted from 0.
    entries as (
        select l.list, e.entry, e.place - 1 as at
          from (values ('columns'), ('ticket_types'), ('transitions')) l (list)
          cross join jsonb_array_elements(coalesce(config -> l.list, '[]')) with ordinality e (entry, place)
    ),
    -- Each rule for each entry.
    rules as (
        select e.list, e.at, v.field, v.good, v.rule
          from entries e
          cross join lateral (values
            ('columns', 'id', e.entry ->> 'id' ~ word, 'must be 1 to 50 letters, digits or _ . -'),
            ('columns', 'name', char_length(e.entry ->> 'name') <= 100, 'must have at most 100 characters'),
            ('columns', 'color', e.entry ->> 'color' ~ colour, 'must be a colour like #3b82f6'),
            ('columns', 'wip_limit', (e.entry ->> 'wip_limit')::numeric > 0, 'must be positive'),
            ('ticket_types', 'id', e.entry ->> 'id' ~ word, 'must be 1 to 50 letters, digits or _ . -'),
            ('ticket_types', 'name', char_length(e.entry ->> 'name') <= 100, 'must have at most 100 characters'),
            ('ticket_types', 'icon', char_length(e.entry ->> 'icon') <= 50, 'must have at most 50 characters'),
            ('ticket_types', 'color', e.entry ->> 'color' ~ colour, 'must be a colour like #3b82f6'),
            ('transitions', 'from', e.entry ->> 'from' = any (ids), 'must be one of the columns'),
            ('transitions', 'to', e.entry ->> 'to' = any (ids), 'must be one of the columns')
          ) v (list, field, good, rule)
         where v.list = e.list
    )
    select * into fault from rules r
     where not coalesce(r.good, r.field not in ('id', 'from', 'to')) order by r.list, r.at limit 1;
    if found then
        perform logic.invalid(format('board_config.%s[%s].%s', fault.list, fault.at, fault.field), fault.rule);
    end if;
    if cardinality(ids) <> (select count(distinct lower(i)) from unnest(ids) i) then
        perform logic.invalid('board_config.columns', 'must have ids that differ');
    end if;
    if cardinality(types) <> (select count(distinct lower(i)) from unnest(types) i) then
        perform logic.invalid('board_config.ticket_types', 'must have ids that differ');
    end if;
    if not (config ->> 'initial_status') = any (ids) then
        perform logic.invalid('board_config.initial_status', format('must be one of the columns: %s', array_to_string(ids, ', ')));
    end if;
    if not (config ->> 'default_ticket_type') = any (types) then
        perform logic.invalid('board_config.default_ticket_type', format('must be one of the ticket types: %s', array_to_string(types, ', ')));
    end if;
end
$$;

-- Fills what a configuration leaves out from `base` (the board as it is, or a template).
create function logic.complete_board(config jsonb, base jsonb) returns jsonb language plpgsql immutable as $$
declare
    whole jsonb := base || jsonb_strip_nulls(coalesce(config, '{}'));
    ids jsonb := jsonb_path_query_array(whole, '$.columns[*].id');
    types jsonb := jsonb_path_query_array(whole, '$.ticket_types[*].id');
begin
    whole := whole || jsonb_build_object('settings', coalesce(base -> 'settings', '{}') || coalesce(jsonb_strip_nulls(config -> 'settings'), '{}'));
    -- A board with other columns or types has other defaults too.
    if not (ids ? coalesce(whole ->> 'initial_status', '')) and config ->> 'initial_status' is null then
        whole := whole || jsonb_build_object('initial_status', (
            select c ->> 'id' from jsonb_array_elements(whole -> 'columns') with ordinality e (c, place)
            order by coalesce((c ->> 'order')::bigint, place), place limit 1));
    end if;
    if not (types ? coalesce(whole ->> 'default_ticket_type', '')) and config ->> 'default_ticket_type' is null then
        whole := whole || jsonb_build_object('default_ticket_type', types ->> 0);
    end if;
    if config ? 'columns' and not config ? 'transitions' then
        whole := whole || jsonb_build_object('transitions', coalesce((
            select jsonb_agg(x) from jsonb_array_elements(coalesce(base -> 'transitions', '[]')) x
            where ids ? (x ->> 'from') and ids ? (x ->> 'to')), '[]'));
    end if;
    return whole;
end
$$;

-- Makes the workflow's board be `config`. `moves` says where tickets of a removed column go:
-- {"old_column": "column"}; a column's previous_id renames it and keeps its tickets.
create function logic.apply_board(workflow text, config jsonb, moves jsonb default '{}') returns void language plpgsql as $$
declare
    gone record;
begin
    perform logic.check_board(config);
    perform set_config('callboard.board_change', 'quiet', true);
    insert into boards (workflow_id, name, ticket_types, default_ticket_type, initial_status)
    values (workflow, coalesce(config ->> 'name', 'Board'), '[]', '', config ->> 'initial_status')
    on conflict (workflow_id) do nothing;

    update board_columns k set id = c ->> 'id'
      from jsonb_array_elements(config -> 'columns') c
     where k.workflow_id = workflow and k.id = c ->> 'previous_id' and k.id <> c ->> 'id'
       and not exists (select from board_columns x where x.workflow_id = workflow and x.id = c ->> 'id');

    insert into board_columns (workflow_id, id, name, position, color, wip_limit, category)
    select workflow, c ->> 'id', coalesce(nullif(logic.trimmed(c ->> 'name'), ''), k.name, c ->> 'id'), c.place - 1,
           coalesce(c ->> 'color', k.color, '#6b7280'), (c ->> 'wip_limit')::bigint,
           coalesce(c ->> 'category', k.category, logic.guess_category(c ->> 'id', c ->> 'id' = config ->> 'initial_status', c.place = c.total))
      from (select e.c, row_number() over by_order as place, count(*) over () as total
              from jsonb_array_elements(config -> 'columns') with ordinality e (c, given)
            window by_order as (order by coalesce((e.c ->> 'order')::bigint, e.given - 1), e.given)) c
      -- What is left out of a column that exists stays as it is.
      left join board_columns k on k.workflow_id = workflow and k.id = c.c ->> 'id'
    on conflict (workflow_id, id) do update set name = excluded.name, position = excluded.position,
        color = excluded.color, wip_limit = excluded.wip_limit, category = excluded.category;

    -- Columns that are gone: their tickets go where `moves` says.
    for gone in
        select k.id, k.name, moves ->> k.id as target,
               (select count(*) from tickets t where t.workflow_id = workflow and t.status = k.id and logic.is_live(t)) as held
          from board_columns k
         where k.workflow_id = workflow
           and not exists (select from jsonb_array_elements(config -> 'columns') c where c ->> 'id' = k.id)
    loop
        if gone.target is not null and not exists (
            select from jsonb_array_elements(config -> 'columns') c where c ->> 'id' = gone.target) then
            perform logic.invalid('moves', format('must name a column of the new board for %s', gone.id));
        end if;
        if gone.held > 0 and gone.target is null then
            perform logic.fail('CB409', format('The column %s holds %s tickets; say in moves.%s which column they go to.', gone.name, gone.held, gone.id),
                jsonb_build_object('column', gone.id, 'ticket_count', gone.held));
        end if;
        update tickets t set status = coalesce(gone.target, config ->> 'initial_status')
         where t.workflow_id = workflow and t.status = gone.id;
    end loop;
    -- The initial column may be one of those that go.
    update boards b set initial_status = config ->> 'initial_status'
     where b.workflow_id = workflow and b.initial_status <> config ->> 'initial_status';
    delete from board_columns k
     where k.workflow_id = workflow
       and not exists (select from jsonb_array_elements(config -> 'columns') c where c ->> 'id' = k.id);

    delete from board_transitions x where x.workflow_id = workflow;
    insert into board_transitions (workflow_id, from_status, to_status)
    select distinct workflow, x ->> 'from', x ->> 'to'
      from jsonb_array_elements(coalesce(config -> 'transitions', '[]')) x
     where x ->> 'from' <> x ->> 'to';

    update boards b set
        name = coalesce(nullif(logic.trimmed(config ->> 'name'), ''), b.name),
        ticket_types = (
            select jsonb_agg(jsonb_build_object('id', t ->> 'id', 'name', coalesce(nullif(logic.trimmed(t ->> 'name'), ''), t ->> 'id'),
                                                'icon', coalesce(t ->> 'icon', ''), 'color', coalesce(t ->> 'color', '#6b7280')) order by e.place)
              from jsonb_array_elements(config -> 'ticket_types') with ordinality e (t, place)),
        default_ticket_type = config ->> 'default_ticket_type',
        auto_assign = coalesce((config -> 'settings' ->> 'auto_assign')::boolean, false),
        require_comments_on_status_change = coalesce((config -> 'settings' ->> 'require_comments_on_status_change')::boolean, false),
        allow_reopen = coalesce((config -> 'settings' ->> 'allow_reopen')::boolean, true),
        track_time = coalesce((config -> 'settings' ->> 'track_time')::boolean, false),
        wip_policy = coalesce(config -> 'settings' ->> 'wip_policy', 'warn'),
        human_review = coalesce((config -> 'settings' ->> 'human_review')::boolean, false),
        updated_at = clock_timestamp()
     where b.workflow_id = workflow;
    perform set_config('callboard.board_change', '', true);
end
$$;

-- PUT /api/workflows/{id}/board
create function logic.set_board(caller text, workflow text, config jsonb, moves jsonb default '{}') returns jsonb language plpgsql as $$
begin
    perform logic.authorize(caller, workflow, 'owner');
    perform logic.lock_stream(workflow);
    perform logic.apply_board(workflow, logic.complete_board(config, logic.board_config(workflow)), coalesce(moves, '{}'));
    return jsonb_build_object('success', true, 'board_config', logic.board_config(workflow));
end
$$;

-- GET /api/tickets/board-config/{workflow_id}
create function logic.get_board_config(caller text, workflow text) returns jsonb language plpgsql as $$
begin
    perform logic.authorize(caller, workflow, 'viewer');
    return jsonb_build_object('success', true, 'board_config', logic.board_config(workflow));
end
$$;
