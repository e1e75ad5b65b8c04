-- Boards of the past, and what changed between two moments.

-- The position of a moment in a workflow's stream. Refuses moments of which nothing is known: those before the workflow and before
-- the first of its imported tickets.
create function logic.check_past_moment(workflow text, field text, at timestamptz) returns bigint language plpgsql stable as $$
declare
    place record;
begin
    select s.pruned_seq, w.created_at,
           case when at < w.created_at then (
                select min(t.created_at) from tickets t where t.workflow_id = w.id and t.external_ref is not null) end as imported_since,
           (select h.changed_at from history h where h.stream_id = s.stream_id and h.seq = s.pruned_seq + 1) as kept_since into place
      from workflows w join streams s on s.stream_id = 'workflow:' || w.id
     where w.id = workflow;
    if at > clock_timestamp() then
        perform logic.fail_invalid(field, 'must not be in the future');
    elsif at < least(place.created_at, place.imported_since) then
        perform logic.fail_invalid(field, case when place.imported_since < place.created_at
            then format('must not be before the first imported ticket was created at %s', to_jsonb(place.imported_since) #>> '{}')
            else format('must not be before the workflow was created at %s', to_jsonb(place.created_at) #>> '{}') end);
    elsif place.pruned_seq > 0 and at < place.kept_since then
        perform logic.fail_invalid(field, format('must not be before %s, where the kept history begins', to_jsonb(place.kept_since) #>> '{}'));
    end if;
    return logic.find_seq_at(workflow, at);
end
$$;

-- GET /api/board/{workflow_id}?at=…: the board as it was at a time, in the shape of logic.board_snapshot. Of each done column
-- it holds the last cards in the column's order, and `left_out` counts the others.
create function logic.get_board_at(caller text, workflow text, at timestamptz, out epoch text, out seq bigint, out body text)
language plpgsql stable as $$
declare
    who constant logic.principal := logic.authorize(caller, workflow, 'viewer');
    -- Where the board and its milestones are read.
    config_seq bigint;
    config jsonb;
    tickets text;
    left_out jsonb;
begin
    epoch := logic.epoch();
    seq := logic.check_past_moment(workflow, 'at', at);
    config_seq := logic.config_seq_at(workflow, seq, at);
    config := logic.board_config_after(workflow, config_seq);
    with
    -- The cards with their place from the end of their column.
    placed as (
        select c.*, row_number() over (partition by c.status order by c.rank desc, c.number desc) as from_end,
               count(*) over (partition by c.status) as in_column
          from logic.cards_at(workflow, seq, at) c
    ),
    -- Which of them the board shows.
    marked as (
        select p.*, k.category is distinct from 'done' or p.from_end <= logic.done_cards_shown() as shown
          from placed p
          left join jsonb_to_recordset(config -> 'columns') k (id text, category text) on k.id = p.status
    )
    select (select coalesce(json_agg(to_jsonb(m) - 'from_end' - 'in_column' - 'shown' order by m.status, m.rank, m.number)::text, '[]')
              from marked m where m.shown),
           (select coalesce(jsonb_agg(jsonb_build_object('status', l.status, 'count', l.count) order by l.status), '[]')
              from (select m.status, count(*) from marked m where not m.shown group by m.status) l),
           -- The counts of that time, which the stored configuration does not have.
           config || jsonb_build_object('columns', (
               select coalesce(jsonb_agg(e.item || jsonb_build_object('ticket_count',
                          coalesce((select max(m.in_column) from marked m where m.status = e.item ->> 'id'), 0)) order by e.place), '[]')
                 from jsonb_array_elements(config -> 'columns') with ordinality e (item, place)))
      into tickets, left_out, config;
    body := concat('{"epoch":', to_json(epoch), ',"seq":', seq, ',"at":', to_json(at),
        ',"workflow":', logic.workflow_json(workflow, (who).role),
        ',"board_config":', config,
        ',"milestones":', (select coalesce(jsonb_agg(m - 'description' order by place), '[]')
                             from jsonb_array_elements(logic.milestones_after(workflow, config_seq)) with ordinality e (m, place)),
        ',"tickets":', tickets, ',"left_out":', left_out, ',"jobs":[]}');
end
$$;

-- What differs between the boards at two moments: one row for each field of each ticket. `change` is `added` or `removed`
-- (then without a field) or `changed`.
create function logic.compare_boards(workflow text, from_seq bigint, from_time timestamptz, to_seq bigint, to_time timestamptz)
returns table (ticket_id text, key text, title text, change text, field text, old_value jsonb, new_value jsonb) language sql stable
begin atomic
    with
    -- Each ticket with its card before and after.
    pairs as (
        select coalesce(n.ticket_id, o.ticket_id) as ticket_id, coalesce(n.number, o.number) as number,
               coalesce(n.title, o.title) as title, to_jsonb(o) as old, to_jsonb(n) as new
          from logic.cards_at(compare_boards.workflow, compare_boards.from_seq, compare_boards.from_time) o
          full join logic.cards_at(compare_boards.workflow, compare_boards.to_seq, compare_boards.to_time) n on n.ticket_id = o.ticket_id
    )
    select p.ticket_id, 'TKT-' || p.number, p.title,
           case when p.old is null then 'added' when p.new is null then 'removed' else 'changed' end,
           f.field, f.old_value, f.new_value
      from pairs p
      left join lateral (
           select n.key as field, p.old -> n.key as old_value, n.value as new_value
             from jsonb_each(p.new) n
            where n.value is distinct from p.old -> n.key and n.key not in ('version', 'updated_at')
      ) f on p.old is not null
     -- A ticket that only has a new version is not listed.
     where p.old is null or p.new is null or f.field is not null
     order by p.number, f.field;
end;

-- GET /api/board/{workflow_id}/changes?from=…&to=…: how the board changed between two moments, ticket by ticket; at most
-- `max_tickets` of them.
create function logic.get_board_changes(caller text, workflow text, from_time timestamptz, to_time timestamptz default null, max_tickets int default 1000)
returns jsonb language plpgsql stable as $$
declare
    until constant timestamptz := coalesce(to_time, clock_timestamp());
    from_seq bigint;
    to_seq bigint;
    found_tickets jsonb;
begin
    perform logic.authorize(caller, workflow, 'viewer');
    if from_time > until then
        perform logic.fail_invalid('from', 'must not be after to');
    end if;
    from_seq := logic.check_past_moment(workflow, 'from', from_time);
    to_seq := logic.check_past_moment(workflow, 'to', until);
    select coalesce(jsonb_agg(t.entry order by t.number), '[]') into found_tickets
      from (select substr(d.key, 5)::bigint as number,
                   jsonb_build_object('ticket_id', d.ticket_id, 'key', d.key, 'title', d.title, 'change', d.change,
                       'fields', coalesce(jsonb_object_agg(d.field, jsonb_build_object('old_value', d.old_value, 'new_value', d.new_value))
                                          filter (where d.field is not null), '{}')) as entry
              from logic.compare_boards(workflow, from_seq, from_time, to_seq, until) d
             group by d.ticket_id, d.key, d.title, d.change
             order by 1 limit max_tickets + 1) t;
    return jsonb_build_object('epoch', logic.epoch(),
        'from', jsonb_build_object('at', from_time, 'seq', from_seq), 'to', jsonb_build_object('at', until, 'seq', to_seq),
        'tickets', found_tickets - max_tickets, 'has_more', jsonb_array_length(found_tickets) > max_tickets);
end
$$;
