-- Recording what a person has seen. A cursor only moves forward in its epoch; in a new epoch, after a restore, it starts again.

-- Rejects what cannot be recorded.
create function logic.check_visit(epoch text, visits jsonb, items text[]) returns void language plpgsql stable as $$
begin
    if jsonb_typeof(visits) <> 'array' or jsonb_array_length(visits) > 200 then
        perform logic.fail_invalid('workflows', 'must be a list of at most 200 workflows');
    end if;
    if cardinality(items) > 200 or exists (select from unnest(items) i where i is null or char_length(i) not between 1 and 200) then
        perform logic.fail_invalid('items', 'must be a list of at most 200 ids');
    end if;
    if jsonb_array_length(visits) = 0 and cardinality(items) = 0 then
        perform logic.fail_invalid('workflows', 'or items must be given');
    end if;
    if epoch <> logic.epoch() then
        perform logic.fail('conflict', 'The server was restored since this was read. Read /api/home again and use its epoch and seq.',
            jsonb_build_object('field', 'epoch', 'epoch', logic.epoch()));
    end if;
end
$$;

-- Moves the reader's cursor of a workflow to `seq`, if it is not there yet; with `handled`, the cursor of what is dealt with too.
create function logic.move_visit(reader text, workflow text, seq bigint, handled boolean) returns jsonb language plpgsql as $$
declare
    stream constant streams := (select s from streams s where s.stream_id = 'workflow:' || workflow);
    at timestamptz;
    kept home_visits;
begin
    if seq is null or seq < 0 or seq > stream.last_seq then
        perform logic.fail_invalid('seq', format('must be between 0 and %s for the workflow %s', stream.last_seq, workflow));
    end if;
    -- Events before the kept part of history are older than all that is left.
    at := coalesce((select h.changed_at from history h where h.stream_id = stream.stream_id and h.seq <= move_visit.seq order by h.seq desc limit 1),
                   '-infinity');
    insert into home_visits as v (actor_id, workflow_id, epoch, seq, seen_at, handled_seq, handled_at)
    values (reader, workflow, logic.epoch(), move_visit.seq, at, case when handled then move_visit.seq else 0 end,
            case when handled then at else '-infinity' end)
    on conflict (actor_id, workflow_id) do update set
        epoch = excluded.epoch, visited_at = clock_timestamp(),
        seq = case when v.epoch = excluded.epoch then greatest(v.seq, excluded.seq) else excluded.seq end,
        seen_at = case when v.epoch = excluded.epoch then greatest(v.seen_at, excluded.seen_at) else excluded.seen_at end,
        handled_seq = case when v.epoch = excluded.epoch then greatest(v.handled_seq, excluded.handled_seq) else excluded.handled_seq end,
        handled_at = case when v.epoch = excluded.epoch then greatest(v.handled_at, excluded.handled_at) else excluded.handled_at end
    returning * into kept;
    return jsonb_build_object('workflow_id', workflow, 'seq', kept.seq, 'handled_seq', kept.handled_seq);
end
$$;

-- The workflow of an item on Home; null if there is none.
create function logic.find_item_workflow(item text) returns text language sql stable
begin atomic
    select coalesce(
        (select j.workflow_id from jobs j where j.id = find_item_workflow.item),
        (select f.workflow_id from findings f where f.id = find_item_workflow.item),
        (select c.workflow_id from ticket_comments c where c.id = find_item_workflow.item),
        (select t.workflow_id from tickets t where t.id = find_item_workflow.item),
        (select a.workflow_id from approvals a where a.id = find_item_workflow.item));
end;

-- POST /api/home/visited: `visits` is a list of {workflow_id, seq}, as logic.get_home returned them, and `items` are ids of single
-- items that are dealt with. All or nothing; the same again changes nothing.
create function logic.mark_visited(caller text, epoch text default null, visits jsonb default null, handled boolean default null, items text[] default null)
returns jsonb language plpgsql as $$
declare
    who constant logic.principal := logic.identify_caller(caller);
    reader constant text := logic.effective_actor_id(who);
    visit record;
    item text;
    place text;
    moved jsonb := '[]';
begin
    perform logic.require_scope(who, 'read');
    -- Refuses who may not act for the reader, and provisions an agent that is new.
    perform logic.set_audit_actor(who);
    visits := coalesce(visits, '[]');
    items := coalesce(items, '{}');
    perform logic.check_visit(epoch, visits, items);
    -- In one order, so that two browsers of a person never wait for each other in a circle.
    for visit in
        select v ->> 'workflow_id' as workflow_id, max((v ->> 'seq')::bigint) as seq
          from jsonb_array_elements(visits) v group by 1 order by 1
    loop
        perform logic.authorize_principal(who, visit.workflow_id, 'viewer');
        moved := moved || logic.move_visit(reader, visit.workflow_id, visit.seq, coalesce(handled, false));
    end loop;
    for item in select distinct i from unnest(items) i order by 1 loop
        place := logic.find_item_workflow(item);
        perform logic.authorize_principal(who, place, 'viewer', 'item ' || item);
        insert into home_handled (actor_id, item_id, workflow_id) values (reader, item, place)
        on conflict (actor_id, item_id) do update set handled_at = excluded.handled_at;
    end loop;
    return jsonb_build_object('success', true, 'epoch', logic.epoch(), 'workflows', moved);
end
$$;

-- Removes what no Home shows any more. Housekeeping.
create function logic.prune_home() returns void language plpgsql as $$
begin
    delete from home_handled k where k.handled_at < now() - interval '40 days';
    delete from comment_mentions m where m.created_at < now() - interval '40 days';
end
$$;
