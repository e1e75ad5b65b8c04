-- Undoing a merge: what moved to the original, as ticket_merges recorded it, moves back to the duplicate.
-- Lock order: the stream, then the two tickets by id.

-- Moves the comments that came with the duplicate back to it, with the answers they got since; returns how many
-- visible ones.
create function logic.unmerge_comments(dup tickets, original tickets, moved jsonb) returns bigint language plpgsql as $$
declare
    returned bigint;
begin
    with recursive
    -- The comments that moved with the merge, and the answers they got since.
    threads as (
        select c.id from ticket_comments c
         where c.ticket_id = original.id and moved -> 'comments' || (moved -> 'deleted_comments') ? c.id
        union
        select c.id from threads h join ticket_comments c on c.parent_id = h.id where c.ticket_id = original.id
    ),
    -- Those that are back on the duplicate.
    back as (
        update ticket_comments c set ticket_id = dup.id from threads h where c.id = h.id returning c.deleted_at
    )
    select count(*) filter (where b.deleted_at is null) into returned from back b;
    return returned;
end
$$;

-- Moves the commit links that came with the duplicate back to it; returns how many.
create function logic.unmerge_commits(dup tickets, original tickets, moved jsonb) returns bigint language plpgsql as $$
declare
    returned bigint;
begin
    update ticket_commits m set ticket_id = dup.id where m.ticket_id = original.id and moved -> 'commits' ? m.id;
    get diagnostics returned = row_count;
    return returned;
end
$$;

-- Clears the merge of a ticket and restores its column and times from `before`, unless that is null.
create function logic.reopen_duplicate(dup tickets, before jsonb) returns tickets language plpgsql as $$
begin
    update tickets t set
        merged_into_ticket_id = null,
        status = coalesce(before ->> 'status', t.status),
        rank = coalesce(before ->> 'rank', t.rank),
        is_resolved = coalesce((before ->> 'is_resolved')::boolean, t.is_resolved),
        resolved_at = case when before is null then t.resolved_at else (before ->> 'resolved_at')::timestamptz end,
        started_at = case when before is null then t.started_at else (before ->> 'started_at')::timestamptz end,
        completed_at = case when before is null then t.completed_at else (before ->> 'completed_at')::timestamptz end
     where t.id = dup.id
    returning t.* into dup;
    return dup;
end
$$;

-- A sentence for each kind of row that did not come back completely: `returned` counts those that did.
create function logic.unmerge_leftovers(dup tickets, moved jsonb, returned jsonb) returns text[] language sql stable
begin atomic
    select array(
        select format(case l.left_over when 1 then 'One of the %s could not be moved back.'
                           else '%2$s of the %1$s could not be moved back.' end, l.what, l.left_over)
          from (values
            ('comments', coalesce(jsonb_array_length(moved -> 'comments'), 0) - (
                select count(*) from ticket_comments c where c.ticket_id = (dup).id and c.deleted_at is null and moved -> 'comments' ? c.id)),
            ('commits', coalesce(jsonb_array_length(moved -> 'commits'), 0) - (returned ->> 'commits')::bigint),
            ('blockers', coalesce(jsonb_array_length(moved -> 'waits') + jsonb_array_length(moved -> 'held'), 0) - (returned ->> 'blockers')::bigint),
            ('sub-tickets', coalesce(jsonb_array_length(moved -> 'sub_tickets'), 0) - (returned ->> 'sub_tickets')::bigint)) l (what, left_over)
         where l.left_over > 0);
end;

-- POST /api/tickets/unmerge. What was deleted or changed since the merge stays as it is; `kept` lists it.
create function logic.unmerge_ticket(caller text, ticket text) returns jsonb language plpgsql as $$
declare
    who logic.principal;
    dup tickets;
    original tickets;
    moved jsonb;
    before jsonb;
    returned jsonb;
    kept text[] := '{}';
begin
    select * into dup from tickets t where t.id = ticket and t.deleted_at is null;
    who := logic.authorize(caller, dup.workflow_id, 'member', 'ticket ' || ticket);
    perform logic.require_open_workflow(dup.workflow_id);
    perform logic.lock_ticket_pair(dup.workflow_id, dup.id, dup.merged_into_ticket_id);
    select * into dup from tickets t where t.id = ticket;
    if dup.merged_into_ticket_id is null or dup.deleted_at is not null then
        perform logic.fail('conflict', format('TKT-%s is not merged into another ticket.', dup.number));
    end if;
    select * into original from tickets t where t.id = dup.merged_into_ticket_id;
    moved := coalesce((select m.moved from ticket_merges m where m.ticket_id = dup.id), '{}');
    before := moved -> 'before';
    if before is not null and not exists (
        select from board_columns c where c.workflow_id = dup.workflow_id and c.id = before ->> 'status') then
        kept := kept || format('The column %s no longer exists; the ticket stays in %s.', before ->> 'status', dup.status);
        before := null;
    end if;

    dup := logic.reopen_duplicate(dup, before);
    returned := jsonb_build_object('comments', logic.unmerge_comments(dup, original, moved));
    returned := returned || jsonb_build_object('commits', logic.unmerge_commits(dup, original, moved));
    returned := returned || jsonb_build_object('blockers', logic.unmerge_blockers(dup, original, moved));
    returned := returned || jsonb_build_object('sub_tickets', logic.unmerge_sub_tickets(dup, original, moved));
    perform logic.unmerge_tags_and_relations(dup, original, moved);
    delete from ticket_merges m where m.ticket_id = dup.id;
    perform logic.insert_comment(who, original.id, dup.workflow_id,
        format('TKT-%s (%s) is no longer merged into this ticket.', dup.number, dup.title), 'system', mentions => array[dup.id])
      where original.deleted_at is null and original.merged_into_ticket_id is null;

    kept := kept || logic.unmerge_leftovers(dup, moved, returned);
    return jsonb_build_object('success', true, 'ticket_id', dup.id, 'into_ticket_id', original.id,
        'message', concat_ws(' ', format('TKT-%s is no longer merged into TKT-%s.', dup.number, original.number), array_to_string(kept, ' ')),
        'moved', returned, 'kept', kept, 'status', dup.status);
end
$$;

-- Moves blockers back one by one: edges that the original got from the duplicate, and edges that both had. Skips waiting
-- tickets deleted or resolved since, merged ones, and edges that would close a cycle. Returns how many are as before the merge.
create function logic.unmerge_blockers(dup tickets, original tickets, moved jsonb) returns bigint language plpgsql as $$
declare
    edge record;
    made bigint := 0;
begin
    for edge in
        select dup.id as waiting, w.id as blocker, original.id as old_waiting, w.id as old_blocker, moved -> 'waits_moved' ? w.id as had_moved
          from jsonb_array_elements_text(moved -> 'waits') w (id)
        union all
        select h.id, dup.id, h.id, original.id, moved -> 'held_moved' ? h.id
          from jsonb_array_elements_text(moved -> 'held') h (id)
    loop
        -- A deleted blocker keeps its edge, which holds when it is restored.
        continue when (select bool_or(t.merged_into_ticket_id is not null or (t.id = edge.waiting and not logic.is_open(t))) from tickets t
                        where t.id in (edge.waiting, edge.blocker));
        continue when edge.had_moved and not exists (select from ticket_blockers k
            where k.ticket_id = edge.old_waiting and k.blocked_by_ticket_id = edge.old_blocker);
        begin
            if edge.had_moved then
                delete from ticket_blockers k where k.ticket_id = edge.old_waiting and k.blocked_by_ticket_id = edge.old_blocker;
            end if;
            insert into ticket_blockers (ticket_id, blocked_by_ticket_id, workflow_id)
            values (edge.waiting, edge.blocker, dup.workflow_id)
            on conflict do nothing;
            made := made + 1;
        exception when others then
            if not logic.is_error(sqlstate, 'dependency_cycle') then
                raise;
            end if;
        end;
    end loop;
    return made;
end
$$;

-- Moves sub-tickets back that are still where the merge put them, and the duplicate's own duplicates. Returns how
-- many sub-tickets.
create function logic.unmerge_sub_tickets(dup tickets, original tickets, moved jsonb) returns bigint language plpgsql as $$
declare
    part record;
    made bigint := 0;
begin
    for part in
        select t.id from jsonb_to_recordset(moved -> 'sub_tickets') s (id text, parent text)
          join tickets t on t.id = s.id and t.parent_ticket_id is not distinct from s.parent
         order by t.id
    loop
        begin
            perform logic.check_ticket_parent(part.id, dup.id);
            update tickets t set parent_ticket_id = dup.id where t.id = part.id;
            made := made + 1;
        exception when others then
            if not logic.is_error(sqlstate, 'dependency_cycle') then
                raise;
            end if;
        end;
    end loop;
    update tickets t set merged_into_ticket_id = dup.id
     where t.merged_into_ticket_id = original.id and moved -> 'duplicates' ? t.id;
    return made;
end
$$;

-- Removes tags and relations from the original that came with the duplicate.
create function logic.unmerge_tags_and_relations(dup tickets, original tickets, moved jsonb) returns void language plpgsql as $$
begin
    update tickets t set related_ticket_ids = case when (r ->> 'had')::boolean then t.related_ticket_ids || dup.id
                                                   else array_replace(t.related_ticket_ids, original.id, dup.id) end
      from jsonb_array_elements(moved -> 'related') r
     where t.id = r ->> 'id' and t.id <> original.id and not t.related_ticket_ids @> array[dup.id]
       and t.related_ticket_ids @> array[original.id];
    update tickets t set
        tags = array(select x from unnest(t.tags) with ordinality u (x, place) where not moved -> 'tags' ? x order by place),
        related_task_ids = array(select x from unnest(t.related_task_ids) with ordinality u (x, place)
                                  where not moved -> 'related_task_ids' ? x order by place),
        related_ticket_ids = array(select x from unnest(t.related_ticket_ids) with ordinality u (x, place)
                                    where not moved -> 'related_ticket_ids' ? x order by place)
            || case when exists (select from jsonb_array_elements(moved -> 'related') r where r ->> 'id' = t.id)
                    then array[dup.id] else '{}'::text[] end
     where t.id = original.id and moved ? 'tags';
end
$$;
