-- Triggers of ticket_blockers: cycles are rejected, and each edge that is added or removed is an event.
-- Lock order: the stream row, before cycles are searched, so that two halves of a cycle cannot be inserted
-- concurrently.

-- Rejects a cycle of any length through one of the new edges, then records the edges.
create function logic.blockers_inserted() returns trigger language plpgsql as $$
declare
    loop_at text;
begin
    perform logic.lock_workflow_streams((select array_agg(distinct n.workflow_id) from new_rows n));
    with recursive
    -- Direct and indirect blockers of the tickets of the new edges.
    chain as (
        select n.ticket_id as start, n.blocked_by_ticket_id as at from new_rows n
        union
        select c.start, k.blocked_by_ticket_id from chain c join ticket_blockers k on k.ticket_id = c.at
    )
    select 'TKT-' || t.number into loop_at from chain c join tickets t on t.id = c.start where c.at = c.start limit 1;
    if loop_at is not null then
        perform logic.fail('dependency_cycle', format('%s would end up blocking itself: the blockers would form a cycle.', loop_at),
            jsonb_build_object('field', 'blocked_by_ticket_ids'));
    end if;
    if exists (select from new_rows n join tickets t on t.id in (n.ticket_id, n.blocked_by_ticket_id)
               where t.workflow_id <> n.workflow_id) then
        perform logic.fail_invalid('blocked_by_ticket_ids', 'must name tickets of the same workflow');
    end if;
    perform logic.require_not_merged((select array_agg(b.id) from (
        select n.ticket_id as id from new_rows n union select n.blocked_by_ticket_id from new_rows n) b));
    perform logic.record_json_changes(logic.blocker_changes('blocked', (select jsonb_agg(to_jsonb(n)) from new_rows n)));
    perform logic.queue_search_matching((select array_agg(distinct n.ticket_id) from new_rows n));
    return null;
end
$$;

-- Records released edges; where the blocker was resolved, a comment on the released ticket reports it.
create function logic.blockers_deleted() returns trigger language plpgsql as $$
begin
    perform logic.lock_workflow_streams((select array_agg(distinct o.workflow_id) from old_rows o));
    perform logic.record_json_changes(logic.blocker_changes('unblocked', (select jsonb_agg(to_jsonb(o)) from old_rows o)));
    perform logic.queue_search_matching((select array_agg(distinct o.ticket_id) from old_rows o));
    insert into ticket_comments (id, ticket_id, workflow_id, agent_id, comment_text, comment_type, mentions)
    select logic.new_id('comment'), o.ticket_id, o.workflow_id,
           (select a.id from actors a where a.id = coalesce(logic.current_on_behalf_of(), logic.current_actor())),
           format('Unblocked - TKT-%s was resolved', t.number), 'system', array[t.id]
      from old_rows o
      join tickets t on t.id = o.blocked_by_ticket_id and t.is_resolved
      join tickets d on d.id = o.ticket_id;
    return null;
end
$$;

-- History rows for edges that were added or removed: one for each edge, with the resulting list of blockers.
create function logic.blocker_changes(change text, edges jsonb) returns jsonb language sql stable
begin atomic
    select jsonb_agg(jsonb_build_object(
            'workflow_id', e.workflow_id, 'ticket_id', e.ticket_id, 'change_type', change,
            'field_name', 'blocked_by_ticket_ids',
            'old_value', case change when 'unblocked' then e.blocked_by_ticket_id end,
            'new_value', case change when 'blocked' then e.blocked_by_ticket_id end,
            'description', format('%s by TKT-%s.', case change when 'blocked' then 'Blocked' else 'No longer blocked' end, coalesce(t.number::text, '?')),
            'metadata', jsonb_build_object(
                'blocker', logic.ticket_reference_json(e.blocked_by_ticket_id),
                'changes', jsonb_build_object('blocked_by_ticket_ids', left_over.ids, 'is_blocked', cardinality(left_over.ids) > 0)))
            order by e.ticket_id, e.blocked_by_ticket_id)
      from jsonb_to_recordset(edges) e (workflow_id text, ticket_id text, blocked_by_ticket_id text)
      -- A ticket removed by DELETE is no longer there to name.
      left join tickets t on t.id = e.blocked_by_ticket_id
      cross join lateral (
        select coalesce(array_agg(k.blocked_by_ticket_id order by k.blocked_by_ticket_id), '{}') as ids
          from ticket_blockers k where k.ticket_id = e.ticket_id
      ) left_over;
end;

create trigger blockers_inserted after insert on ticket_blockers
    referencing new table as new_rows for each statement execute function logic.blockers_inserted();
create trigger blockers_deleted after delete on ticket_blockers
    referencing old table as old_rows for each statement execute function logic.blockers_deleted();
