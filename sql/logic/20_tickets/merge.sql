-- Merging a duplicate into its original. Nothing is deleted: comments, commits and relations move to the
-- original, and ticket_merges records what moved, so that the merge can be undone (unmerge.sql).
-- Lock order: several tickets change, so the stream comes first, then the tickets by id.

-- Locks two tickets of a workflow, its stream first.
create function logic.lock_ticket_pair(workflow text, one text, other text) returns void language plpgsql as $$
begin
    perform logic.lock_workflow_stream(workflow);
    perform 1 from tickets t where t.id in (one, other) order by t.id for no key update;
end
$$;

-- Moves the duplicate's comments to the original; returns their ids, deleted ones apart.
create function logic.merge_comments(dup tickets, original tickets) returns jsonb language plpgsql as $$
declare
    moved constant jsonb := jsonb_build_object(
        'comments', (select coalesce(jsonb_agg(c.id), '[]') from ticket_comments c where c.ticket_id = dup.id and c.deleted_at is null),
        'deleted_comments', (select coalesce(jsonb_agg(c.id), '[]') from ticket_comments c where c.ticket_id = dup.id and c.deleted_at is not null));
begin
    update ticket_comments c set ticket_id = original.id where c.ticket_id = dup.id;
    return moved;
end
$$;

-- Moves the duplicate's commit links to the original, except those it has already; returns their ids.
create function logic.merge_commits(dup tickets, original tickets) returns text[] language plpgsql as $$
declare
    commits text[];
begin
    with
    -- The links that moved.
    gone as (
        update ticket_commits m set ticket_id = original.id
         where m.ticket_id = dup.id
           and not exists (select from ticket_commits o where o.ticket_id = original.id and o.commit_sha = m.commit_sha)
        returning m.id
    )
    select coalesce(array_agg(g.id), '{}') into commits from gone g;
    return commits;
end
$$;

-- Marks the duplicate as merged and resolves it. The rules for moves do not apply: no work is left on it.
create function logic.resolve_duplicate(dup tickets, original tickets) returns void language plpgsql as $$
declare
    done_column constant text := logic.resolution_column(dup);
begin
    update tickets t set
        merged_into_ticket_id = original.id,
        status = coalesce(done_column, t.status),
        rank = case when done_column <> t.status then logic.rank_at_end(t.number) else t.rank end,
        is_resolved = true, resolved_at = coalesce(t.resolved_at, clock_timestamp()), completed_at = coalesce(t.completed_at, clock_timestamp())
     where t.id = dup.id;
end
$$;

-- POST /api/tickets/merge. Rejected where the original would end up waiting for itself.
create function logic.merge_tickets(caller text, ticket text, into_ticket text, comment text default null) returns jsonb language plpgsql as $$
declare
    access constant logic.ticket_access := logic.authorize_ticket(caller, ticket, 'member');
    did constant text := access.ticket_id;
    workflow constant text := access.workflow_id;
    target constant logic.ticket_access := logic.authorize_ticket_for(access.who, into_ticket, 'member', workflow);
    dup tickets;
    original tickets;
    moved jsonb;
begin
    if did = target.ticket_id then
        perform logic.fail_invalid('into_ticket_id', 'must name another ticket');
    end if;
    if workflow <> target.workflow_id then
        perform logic.fail_invalid('into_ticket_id', 'must name a ticket of the same workflow');
    end if;
    comment := nullif(logic.trim_whitespace(comment), '');
    if char_length(comment) > 10000 then
        perform logic.fail_invalid('comment', 'must have at most 10000 characters');
    end if;
    perform logic.require_open_workflow(workflow);
    perform logic.lock_ticket_pair(workflow, did, target.ticket_id);
    dup := logic.lock_ticket(did);
    original := logic.lock_ticket(target.ticket_id);

    moved := logic.merge_comments(dup, original);
    moved := moved || jsonb_build_object('commits', logic.merge_commits(dup, original));
    moved := moved || logic.merge_blockers(dup, original);
    moved := moved || logic.merge_sub_tickets(dup, original.id);
    moved := moved || logic.merge_tags_and_relations(dup, original) || jsonb_build_object(
        'before', jsonb_build_object('status', dup.status, 'rank', dup.rank, 'is_resolved', dup.is_resolved,
            'resolved_at', dup.resolved_at, 'started_at', dup.started_at, 'completed_at', dup.completed_at));
    perform logic.resolve_duplicate(dup, original);
    insert into ticket_merges (ticket_id, into_ticket_id, workflow_id, moved, merged_by)
    values (did, original.id, workflow, moved, logic.effective_actor_id(access.who))
    on conflict (ticket_id) do update set into_ticket_id = excluded.into_ticket_id, moved = excluded.moved,
        merged_by = excluded.merged_by, merged_at = clock_timestamp();
    perform logic.insert_comment(access.who, original.id, workflow,
        format('Merged TKT-%s (%s) into this ticket%s', dup.number, dup.title, coalesce(': ' || comment, '.')),
        'system', mentions => array[did], field => 'comment');

    return jsonb_build_object('success', true, 'ticket_id', did, 'into_ticket_id', original.id,
        'message', format('Merged TKT-%s into TKT-%s.', dup.number, original.number),
        'moved', jsonb_build_object(
            'comments', jsonb_array_length(moved -> 'comments'),
            'commits', jsonb_array_length(moved -> 'commits'),
            'blockers', jsonb_array_length(moved -> 'waits_moved') + jsonb_array_length(moved -> 'held_moved'),
            'sub_tickets', jsonb_array_length(moved -> 'sub_tickets')),
        'unblocked_tickets', (
            select coalesce(jsonb_agg(h.id), '[]') from jsonb_array_elements_text(moved -> 'blocked') h (id)
             where not exists (select from logic.active_blockers k where k.ticket_id = h.id)));
end
$$;

-- Moves the duplicate's blockers to the original, in both directions. A resolved original waits for nothing, and blocks
-- again only when it is reopened.
-- The trigger of ticket_blockers rejects edges that would close a cycle.
create function logic.merge_blockers(dup tickets, original tickets) returns jsonb language plpgsql as $$
declare
    waits text[] := array(select k.blocked_by_ticket_id from ticket_blockers k where k.ticket_id = dup.id order by 1);
    held text[] := array(select k.ticket_id from ticket_blockers k where k.blocked_by_ticket_id = dup.id order by 1);
    blocked text[] := array(select k.ticket_id from logic.active_blockers k where k.blocked_by_ticket_id = dup.id order by 1);
    waits_moved text[];
    held_moved text[];
begin
    delete from ticket_blockers k where k.ticket_id = dup.id or k.blocked_by_ticket_id = dup.id;
    with
    -- What the original waits for now.
    made as (
        insert into ticket_blockers (ticket_id, blocked_by_ticket_id, workflow_id)
        select original.id, w, dup.workflow_id from unnest(waits) w where w <> original.id and not original.is_resolved
        on conflict do nothing returning blocked_by_ticket_id
    )
    select coalesce(array_agg(m.blocked_by_ticket_id order by m.blocked_by_ticket_id), '{}') into waits_moved from made m;
    with
    -- What waits for the original now.
    made as (
        insert into ticket_blockers (ticket_id, blocked_by_ticket_id, workflow_id)
        select h, original.id, dup.workflow_id from unnest(held) h where h <> original.id
        on conflict do nothing returning ticket_id
    )
    select coalesce(array_agg(m.ticket_id order by m.ticket_id), '{}') into held_moved from made m;
    return jsonb_build_object('waits', waits, 'held', held, 'blocked', blocked, 'waits_moved', waits_moved, 'held_moved', held_moved);
end
$$;

-- Moves the duplicate's sub-tickets and its own duplicates to the original. A sub-ticket that is an ancestor of the
-- original moves up to the duplicate's parent instead, so that no ticket becomes its own ancestor.
create function logic.merge_sub_tickets(dup tickets, oid text) returns jsonb language plpgsql as $$
declare
    parts jsonb;
    duplicates text[];
begin
    with recursive
    -- The original and its ancestors.
    line as (
        select oid collate "C" as id
        union
        select t.parent_ticket_id from line l join tickets t on t.id = l.id where t.parent_ticket_id is not null
    ),
    -- The sub-tickets that moved, with their new parents.
    parts as (
        update tickets t set parent_ticket_id = case when t.id in (select l.id from line l) then dup.parent_ticket_id else oid end
         where t.parent_ticket_id = dup.id
        returning t.id, t.parent_ticket_id as parent
    )
    select coalesce(jsonb_agg(to_jsonb(p)), '[]') into parts from parts p;
    with
    -- The duplicate's own duplicates.
    gone as (
        update tickets t set merged_into_ticket_id = oid where t.merged_into_ticket_id = dup.id returning t.id
    )
    select coalesce(array_agg(g.id), '{}') into duplicates from gone g;
    return jsonb_build_object('sub_tickets', parts, 'duplicates', duplicates);
end
$$;

-- Adds tags, related tasks and relations of the duplicate to the original. Tickets related to the duplicate become
-- related to the original.
create function logic.merge_tags_and_relations(dup tickets, original tickets) returns jsonb language plpgsql as $$
declare
    related jsonb;
    after tickets;
begin
    select coalesce(jsonb_agg(jsonb_build_object('id', t.id, 'had', t.related_ticket_ids @> array[original.id])), '[]') into related
      from tickets t where t.workflow_id = dup.workflow_id and t.related_ticket_ids @> array[dup.id] and t.id <> dup.id;
    update tickets t set related_ticket_ids = logic.normalize_list(array_replace(t.related_ticket_ids, dup.id, original.id))
     where t.id in (select r ->> 'id' from jsonb_array_elements(related) r) and t.id <> original.id;
    update tickets t set
        tags = (logic.normalize_list(t.tags || dup.tags))[1:50],
        related_task_ids = (logic.normalize_list(t.related_task_ids || dup.related_task_ids))[1:200],
        related_ticket_ids = (array_remove(array_remove(logic.normalize_list(t.related_ticket_ids || dup.related_ticket_ids), t.id), dup.id))[1:200]
     where t.id = original.id
    returning t.* into after;
    return jsonb_build_object('related', related,
        'tags', to_jsonb(array(select unnest(after.tags) except select unnest(original.tags))),
        'related_task_ids', to_jsonb(array(select unnest(after.related_task_ids) except select unnest(original.related_task_ids))),
        'related_ticket_ids', to_jsonb(array(select unnest(after.related_ticket_ids) except select unnest(original.related_ticket_ids))));
end
$$;
