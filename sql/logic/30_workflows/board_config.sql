-- The configuration document of a board: reading, checking and completing it.

-- A board's configuration as the API shows it. A column's `ticket_count` counts to logic.max_count.
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
                'ticket_count', logic.count_column(c.workflow_id, c.id))
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
            'human_review', b.human_review,
            'require_description', b.require_description),
        'transitions', (
            select coalesce(jsonb_agg(jsonb_build_object('from', x.from_status, 'to', x.to_status)
                                      order by x.from_status, x.to_status), '[]')
            from board_transitions x where x.workflow_id = b.workflow_id))
      from boards b where b.workflow_id = board_config.workflow;
end;

-- The category of a column without one: done if its id suggests it or it is the last, todo if it is the initial one or its
-- id suggests it, else active.
create function logic.guess_column_category(id text, is_initial boolean, is_last boolean) returns text language sql immutable
begin atomic
    select case
        when lower(id) in ('done', 'closed', 'shipped', 'fixed', 'resolved', 'completed', 'documented', 'fp', 'wontfix', 'cancelled', 'canceled', 'rejected') then 'done'
        when is_initial or lower(id) in ('backlog', 'todo', 'to_do', 'open', 'new', 'idle', 'ready', 'found', 'identified') then 'todo'
        when is_last then 'done'
        else 'active' end;
end;

-- The first entry of the lists of a configuration that breaks a rule, with the rule; null if none does.
create function logic.first_board_fault(config jsonb, column_ids text[], out list text, out at bigint, out field text, out rule text)
language plpgsql immutable as $$
declare
    word constant text := '^[A-Za-z0-9][A-Za-z0-9_.-]{0,49}$';
    colour constant text := '^#[0-9A-Za-z]{1,20}$';
begin
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
            ('columns', 'name', logic.trim_whitespace(e.entry ->> 'name') = '' or not logic.is_blank(e.entry ->> 'name'), 'must have a visible character'),
            ('columns', 'color', e.entry ->> 'color' ~ colour, 'must be a colour like #3b82f6'),
            ('columns', 'wip_limit', (e.entry ->> 'wip_limit')::numeric > 0, 'must be positive'),
            ('ticket_types', 'id', e.entry ->> 'id' ~ word, 'must be 1 to 50 letters, digits or _ . -'),
            ('ticket_types', 'name', char_length(e.entry ->> 'name') <= 100, 'must have at most 100 characters'),
            ('ticket_types', 'name', logic.trim_whitespace(e.entry ->> 'name') = '' or not logic.is_blank(e.entry ->> 'name'), 'must have a visible character'),
            ('ticket_types', 'icon', char_length(e.entry ->> 'icon') <= 50, 'must have at most 50 characters'),
            ('ticket_types', 'color', e.entry ->> 'color' ~ colour, 'must be a colour like #3b82f6'),
            ('transitions', 'from', e.entry ->> 'from' = any (column_ids), 'must be one of the columns'),
            ('transitions', 'to', e.entry ->> 'to' = any (column_ids), 'must be one of the columns')
          ) v (list, field, good, rule)
         where v.list = e.list
    )
    select r.list, r.at, r.field, r.rule into first_board_fault.list, first_board_fault.at, first_board_fault.field, first_board_fault.rule
      from rules r
     where not coalesce(r.good, r.field not in ('id', 'from', 'to')) order by r.list, r.at limit 1;
end
$$;

-- Rejects a configuration that breaks a rule, before anything is written; names the first faulty entry.
create function logic.check_board_config(config jsonb) returns void language plpgsql immutable as $$
declare
    ids constant text[] := (select array_agg(c ->> 'id') from jsonb_array_elements(coalesce(config -> 'columns', '[]')) c);
    types constant text[] := (select array_agg(t ->> 'id') from jsonb_array_elements(coalesce(config -> 'ticket_types', '[]')) t);
    fault record;
begin
    if coalesce(cardinality(ids), 0) not between 1 and 50 then
        perform logic.fail_invalid('board_config.columns', 'must list 1 to 50 columns');
    end if;
    if coalesce(cardinality(types), 0) not between 1 and 50 then
        perform logic.fail_invalid('board_config.ticket_types', 'must list 1 to 50 ticket types');
    end if;
    fault := logic.first_board_fault(config, ids);
    if fault.list is not null then
        perform logic.fail_invalid(format('board_config.%s[%s].%s', fault.list, fault.at, fault.field), fault.rule);
    end if;
    if cardinality(ids) <> (select count(distinct lower(i)) from unnest(ids) i) then
        perform logic.fail_invalid('board_config.columns', 'must have ids that differ');
    end if;
    if cardinality(types) <> (select count(distinct lower(i)) from unnest(types) i) then
        perform logic.fail_invalid('board_config.ticket_types', 'must have ids that differ');
    end if;
    if logic.trim_whitespace(config ->> 'name') <> '' then
        perform logic.check_visible('board_config.name', config ->> 'name');
    end if;
    if not (config ->> 'initial_status') = any (ids) then
        perform logic.fail_invalid('board_config.initial_status', format('must be one of the columns: %s', array_to_string(ids, ', ')));
    end if;
    if not (config ->> 'default_ticket_type') = any (types) then
        perform logic.fail_invalid('board_config.default_ticket_type', format('must be one of the ticket types: %s', array_to_string(types, ', ')));
    end if;
end
$$;

-- Fills missing parts of a configuration from `base` (the current board, or a template).
create function logic.complete_board_config(config jsonb, base jsonb) returns jsonb language plpgsql immutable as $$
declare
    whole jsonb := base || jsonb_strip_nulls(coalesce(config, '{}'));
    ids jsonb := jsonb_path_query_array(whole, '$.columns[*].id');
    types jsonb := jsonb_path_query_array(whole, '$.ticket_types[*].id');
begin
    whole := whole || jsonb_build_object('settings', coalesce(base -> 'settings', '{}') || coalesce(jsonb_strip_nulls(config -> 'settings'), '{}'));
    -- Defaults that the new columns or types no longer contain are replaced.
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
