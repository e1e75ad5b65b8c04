-- Triggers of ticket_blockers: cycles are rejected, and each edge that is added, released, activated again or removed is an
-- event.
-- Lock order: the stream row, before cycles are searched, so that two halves of a cycle cannot be inserted
-- concurrently.

-- BEFORE INSERT, by row: an edge to a resolved or deleted blocker blocks only once that one is reopened or restored.
create function logic.blocker_before_insert() returns trigger language plpgsql as $$
begin
    if not exists (select from tickets t where t.id = new.blocked_by_ticket_id and logic.is_open(t)) then
        new.released_at := coalesce(new.released_at, clock_timestamp());
    end if;
    return new;
end
$$;

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
        select c.start, k.blocked_by_ticket_id from chain c join logic.active_blockers k on k.ticket_id = c.at
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
    perform logic.record_json_changes(logic.blocker_changes('added', (select jsonb_agg(to_jsonb(n)) from new_rows n)));
    perform logic.queue_search_matching((select array_agg(distinct n.ticket_id) from new_rows n));
    return null;
end
$$;

-- Records edges that were removed.
create function logic.blockers_deleted() returns trigger language plpgsql as $$
begin
    perform logic.lock_workflow_streams((select array_agg(distinct o.workflow_id) from old_rows o));
    perform logic.record_json_changes(logic.blocker_changes('removed', (select jsonb_agg(to_jsonb(o)) from old_rows o)));
    perform logic.queue_search_matching((select array_agg(distinct o.ticket_id) from old_rows o));
    return null;
end
$$;

-- Records edges that were released or hold again. Where the blocker was resolved or reopened, a comment on the ticket that
-- waits reports it.
create function logic.blockers_updated() returns trigger language plpgsql as $$
begin
    perform logic.lock_workflow_streams((select array_agg(distinct n.workflow_id) from new_rows n));
    perform logic.record_json_changes(logic.blocker_changes('updated', (
        select jsonb_agg(to_jsonb(n)) from new_rows n join old_rows o using (ticket_id, blocked_by_ticket_id)
         where (n.released_at is null) <> (o.released_at is null))));
    perform logic.queue_search_matching((select array_agg(distinct n.ticket_id) from new_rows n));
    insert into ticket_comments (id, ticket_id, workflow_id, agent_id, comment_text, comment_type, mentions)
    select logic.new_id('comment'), n.ticket_id, n.workflow_id,
           (select a.id from actors a where a.id = coalesce(logic.current_on_behalf_of(), logic.current_actor())),
           format(case when n.released_at is null then 'Blocked again - TKT-%s is open again' else 'Unblocked - TKT-%s was resolved' end, t.number),
           'system', array[t.id]
      from new_rows n
      join old_rows o using (ticket_id, blocked_by_ticket_id)
      join tickets t on t.id = n.blocked_by_ticket_id and t.is_resolved = (n.released_at is not null) and logic.is_live(t)
      join tickets d on d.id = n.ticket_id and logic.is_live(d)
     where (n.released_at is null) <> (o.released_at is null);
    return null;
end
$$;

-- Whether a ticket waits for another, directly or through others.
create function logic.waits_for(ticket text, other text) returns boolean language sql stable
begin atomic
    with recursive
    -- The blockers of the ticket, and theirs.
    chain as (
        select k.blocked_by_ticket_id as at from logic.active_blockers k where k.ticket_id = waits_for.ticket
        union
        select k.blocked_by_ticket_id from chain c join logic.active_blockers k on k.ticket_id = c.at
    )
    select exists (select from chain c where c.at = waits_for.other);
end;

-- Releases what the tickets `closed` block, and lets edges of the tickets `opened` hold again: those to them and those from
-- them whose blocker is open. An edge that would close a cycle stays released. Called after the tickets changed.
create function logic.update_blocker_states(closed text[], opened text[]) returns void language plpgsql as $$
declare
    edge record;
begin
    -- Most tickets block nothing, and the triggers of an update run even if it finds no row.
    if exists (select from logic.active_blockers k where k.blocked_by_ticket_id = any (closed)) then
        update ticket_blockers k set released_at = clock_timestamp()
         where k.blocked_by_ticket_id = any (closed) and k.released_at is null;
    end if;
    if opened = '{}' or not exists (
        select from ticket_blockers k where k.released_at is not null and (k.blocked_by_ticket_id = any (opened) or k.ticket_id = any (opened))) then
        return;
    end if;
    -- The stream first, so that no edge of a cycle is added in between.
    perform logic.lock_workflow_streams(array(select distinct t.workflow_id from tickets t where t.id = any (opened)));
    for edge in
        select k.ticket_id, k.blocked_by_ticket_id
          from ticket_blockers k
          join tickets w on w.id = k.ticket_id and logic.is_open(w)
          join tickets b on b.id = k.blocked_by_ticket_id and logic.is_open(b)
         where k.released_at is not null and (k.blocked_by_ticket_id = any (opened) or k.ticket_id = any (opened))
         order by k.ticket_id, k.blocked_by_ticket_id
    loop
        update ticket_blockers k set released_at = null
         where k.ticket_id = edge.ticket_id and k.blocked_by_ticket_id = edge.blocked_by_ticket_id
           and not logic.waits_for(edge.blocked_by_ticket_id, edge.ticket_id);
    end loop;
end
$$;

-- History rows for edges that were added, updated or removed: one for each edge, with the resulting list of blockers. The
-- type is `blocked` or `unblocked` where the edge holds or held, else `field_updated`.
create function logic.blocker_changes(operation text, edges jsonb) returns jsonb language sql stable
begin atomic
    select jsonb_agg(jsonb_build_object(
            'workflow_id', e.workflow_id, 'ticket_id', e.ticket_id, 'change_type', c.change_type,
            'field_name', 'blocked_by_ticket_ids',
            'old_value', case when operation = 'removed' or c.change_type = 'unblocked' then e.blocked_by_ticket_id end,
            'new_value', case when operation = 'added' or c.change_type = 'blocked' then e.blocked_by_ticket_id end,
            'description', format(case
                when operation = 'updated' and c.change_type = 'blocked' then 'Blocked again by TKT-%s, which is open again.'
                when c.change_type = 'blocked' then 'Blocked by TKT-%s.'
                when c.change_type = 'unblocked' then 'No longer blocked by TKT-%s.'
                when operation = 'added' then 'Blocked by TKT-%s as soon as that is reopened.'
                else 'No longer blocked by TKT-%s if that is reopened.' end,
                -- A ticket removed by DELETE is no longer there to name. Not a join, for which the planner would read all tickets.
                coalesce((select t.number::text from tickets t where t.id = e.blocked_by_ticket_id), '?')),
            'metadata', jsonb_build_object(
                'blocker', logic.ticket_reference_json(e.blocked_by_ticket_id),
                'changes', jsonb_build_object('blocked_by_ticket_ids', left_over.ids, 'is_blocked', cardinality(left_over.ids) > 0)))
            order by e.ticket_id, e.blocked_by_ticket_id)
      from jsonb_to_recordset(edges) e (workflow_id text, ticket_id text, blocked_by_ticket_id text, released_at timestamptz)
      cross join lateral (
        select case when operation = 'updated' then case when e.released_at is null then 'blocked' else 'unblocked' end
                    when e.released_at is not null then 'field_updated'
                    when operation = 'added' then 'blocked' else 'unblocked' end as change_type
      ) c
      cross join lateral (
        select coalesce(array_agg(k.blocked_by_ticket_id order by k.blocked_by_ticket_id), '{}') as ids
          from logic.active_blockers k where k.ticket_id = e.ticket_id
      ) left_over;
end;

create trigger blocker_before_insert before insert on ticket_blockers for each row
    when (coalesce(current_setting('callboard.archive', true), '') <> 'on')
    execute function logic.blocker_before_insert();
create trigger blockers_inserted after insert on ticket_blockers
    referencing new table as new_rows for each statement when (coalesce(current_setting('callboard.archive', true), '') <> 'on')
    execute function logic.blockers_inserted();
create trigger blockers_deleted after delete on ticket_blockers
    referencing old table as old_rows for each statement execute function logic.blockers_deleted();
create trigger blockers_updated after update on ticket_blockers
    referencing old table as old_rows new table as new_rows for each statement execute function logic.blockers_updated();
