-- Reading and changing a workflow's board.

-- Inserts and updates the columns of `config`. A column's previous_id renames it and keeps its tickets; missing
-- properties of an existing column stay as they are.
create function logic.upsert_board_columns(workflow text, config jsonb) returns void language plpgsql as $$
begin
    update board_columns k set id = c ->> 'id'
      from jsonb_array_elements(config -> 'columns') c
     where k.workflow_id = workflow and k.id = c ->> 'previous_id' and k.id <> c ->> 'id'
       and not exists (select from board_columns x where x.workflow_id = workflow and x.id = c ->> 'id');
    insert into board_columns (workflow_id, id, name, position, color, wip_limit, category)
    select workflow, c ->> 'id', coalesce(nullif(logic.trim_whitespace(c ->> 'name'), ''), k.name, c ->> 'id'), c.place - 1,
           coalesce(c ->> 'color', k.color, '#6b7280'), (c ->> 'wip_limit')::bigint,
           coalesce(c ->> 'category', k.category, logic.guess_column_category(c ->> 'id', c ->> 'id' = config ->> 'initial_status', c.place = c.total))
      from (select e.c, row_number() over by_order as place, count(*) over () as total
              from jsonb_array_elements(config -> 'columns') with ordinality e (c, given)
            window by_order as (order by coalesce((e.c ->> 'order')::bigint, e.given - 1), e.given)) c
      left join board_columns k on k.workflow_id = workflow and k.id = c.c ->> 'id'
    on conflict (workflow_id, id) do update set name = excluded.name, position = excluded.position,
        color = excluded.color, wip_limit = excluded.wip_limit, category = excluded.category;
end
$$;

-- Removes the columns that `config` no longer has. `moves` names the column that takes the tickets of a removed
-- one: {"old_column": "column"}.
create function logic.remove_board_columns(workflow text, config jsonb, moves jsonb) returns void language plpgsql as $$
declare
    ids constant text[] := array(select c ->> 'id' from jsonb_array_elements(config -> 'columns') c);
    gone record;
begin
    for gone in
        select k.id, k.name, moves ->> k.id as target,
               (select count(*) from tickets t where t.workflow_id = workflow and t.status = k.id and logic.is_live(t)) as held
          from board_columns k where k.workflow_id = workflow and k.id <> all (ids)
    loop
        if gone.target <> all (ids) then
            perform logic.fail_invalid('moves', format('must name a column of the new board for %s', gone.id));
        end if;
        if gone.held > 0 and gone.target is null then
            perform logic.fail('conflict', format('The column %s holds %s tickets; say in moves.%s which column they go to.', gone.name, gone.held, gone.id),
                jsonb_build_object('column', gone.id, 'ticket_count', gone.held));
        end if;
        update tickets t set status = coalesce(gone.target, config ->> 'initial_status')
         where t.workflow_id = workflow and t.status = gone.id;
    end loop;
    -- The initial column may be one of the removed ones.
    update boards b set initial_status = config ->> 'initial_status'
     where b.workflow_id = workflow and b.initial_status <> config ->> 'initial_status';
    delete from board_columns k where k.workflow_id = workflow and k.id <> all (ids);
end
$$;

-- Replaces the transitions by those of `config`.
create function logic.replace_board_transitions(workflow text, config jsonb) returns void language plpgsql as $$
begin
    delete from board_transitions x where x.workflow_id = workflow;
    insert into board_transitions (workflow_id, from_status, to_status)
    select distinct workflow, x ->> 'from', x ->> 'to'
      from jsonb_array_elements(coalesce(config -> 'transitions', '[]')) x
     where x ->> 'from' <> x ->> 'to';
end
$$;

-- Writes name, ticket types and settings of `config` into the board's row.
create function logic.update_board_settings(workflow text, config jsonb) returns void language plpgsql as $$
declare
    settings constant jsonb := config -> 'settings';
begin
    update boards b set
        name = coalesce(nullif(logic.trim_whitespace(config ->> 'name'), ''), b.name),
        ticket_types = (
            select jsonb_agg(jsonb_build_object('id', t ->> 'id', 'name', coalesce(nullif(logic.trim_whitespace(t ->> 'name'), ''), t ->> 'id'),
                                                'icon', coalesce(t ->> 'icon', ''), 'color', coalesce(t ->> 'color', '#6b7280')) order by e.place)
              from jsonb_array_elements(config -> 'ticket_types') with ordinality e (t, place)),
        default_ticket_type = config ->> 'default_ticket_type',
        auto_assign = coalesce((settings ->> 'auto_assign')::boolean, false),
        require_comments_on_status_change = coalesce((settings ->> 'require_comments_on_status_change')::boolean, false),
        allow_reopen = coalesce((settings ->> 'allow_reopen')::boolean, true),
        track_time = coalesce((settings ->> 'track_time')::boolean, false),
        wip_policy = coalesce(settings ->> 'wip_policy', 'warn'),
        human_review = coalesce((settings ->> 'human_review')::boolean, false),
        require_description = coalesce((settings ->> 'require_description')::boolean, false),
        updated_at = clock_timestamp()
     where b.workflow_id = workflow;
end
$$;

-- Makes the workflow's board equal to `config`, creating it if needed. One board_updated event at the end covers
-- all changes.
create function logic.apply_board_config(workflow text, config jsonb, moves jsonb default '{}') returns void language plpgsql as $$
begin
    perform logic.check_board_config(config);
    perform set_config('callboard.board_change', 'quiet', true);
    insert into boards (workflow_id, name, ticket_types, default_ticket_type, initial_status)
    values (workflow, coalesce(config ->> 'name', 'Board'), '[]', '', config ->> 'initial_status')
    on conflict (workflow_id) do nothing;
    perform logic.upsert_board_columns(workflow, config);
    perform logic.remove_board_columns(workflow, config, moves);
    perform logic.replace_board_transitions(workflow, config);
    perform logic.update_board_settings(workflow, config);
    perform set_config('callboard.board_change', '', true);
end
$$;

-- A board's version: what it consists of, in short. The same board has the same version again.
create function logic.board_version(workflow text) returns text language sql stable
begin atomic
    select md5(jsonb_build_array(to_jsonb(b) - '{workflow_id,updated_at}'::text[],
        (select jsonb_agg(to_jsonb(c) - 'workflow_id' order by c.position, c.id) from board_columns c where c.workflow_id = b.workflow_id),
        (select jsonb_agg(to_jsonb(x) - 'workflow_id' order by x.from_status, x.to_status) from board_transitions x where x.workflow_id = b.workflow_id))::text)
      from boards b where b.workflow_id = board_version.workflow;
end;

-- The answer with a board.
create function logic.board_config_answer(workflow text) returns jsonb language sql stable
begin atomic
    select jsonb_build_object('success', true, 'board_config', logic.board_config(workflow), 'board_version', logic.board_version(workflow));
end;

-- PUT /api/workflows/{id}/board. `version` is that of the board on which the change is based; without one, the board is replaced
-- whatever it is.
create function logic.set_board(caller text, workflow text, config jsonb, moves jsonb default '{}', version text default null)
returns jsonb language plpgsql as $$
declare
    current_version text;
begin
    perform logic.authorize(caller, workflow, 'owner');
    perform logic.lock_workflow_stream(workflow);
    if version is not null then
        current_version := logic.board_version(workflow);
        if version is distinct from current_version then
            perform logic.fail('stale_version', 'The board changed since you read it. Read it again.', jsonb_build_object('version', current_version));
        end if;
    end if;
    perform logic.apply_board_config(workflow, logic.complete_board_config(config, logic.board_config(workflow)), coalesce(moves, '{}'));
    return logic.board_config_answer(workflow);
end
$$;

-- GET /api/tickets/board-config/{workflow_id}
create function logic.get_board_config(caller text, workflow text) returns jsonb language plpgsql as $$
begin
    perform logic.authorize(caller, workflow, 'viewer');
    return logic.board_config_answer(workflow);
end
$$;
