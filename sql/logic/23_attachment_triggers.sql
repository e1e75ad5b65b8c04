-- Triggers of what hangs on tickets: comments, reactions, commit links, blockers.
-- Lock order: the stream row comes last (logic.next_seqs). Blockers look for cycles after taking it,
-- so that two halves of a cycle cannot be inserted at the same time.

-- A comment as answers and events show it.
create function logic.comment_json(id text) returns jsonb language sql stable
begin atomic
    select jsonb_build_object(
        'comment_id', c.id, 'ticket_id', c.ticket_id, 'agent_id', c.agent_id, 'agent_name', a.name,
        'comment_text', c.comment_text, 'comment_type', c.comment_type, 'parent_id', c.parent_id,
        'mentions', c.mentions, 'attachments', c.attachments, 'is_edited', c.is_edited,
        'created_at', c.created_at, 'updated_at', c.updated_at,
        'reactions', coalesce((
            select jsonb_agg(jsonb_build_object('emoji', r.emoji, 'count', r.n, 'agent_ids', r.ids) order by r.first)
              from (select x.emoji, count(*) as n, array_agg(x.actor_id order by x.created_at) as ids, min(x.created_at) as first
                      from comment_reactions x where x.comment_id = c.id group by x.emoji) r), '[]'))
      from ticket_comments c
      left join actors a on a.id = c.agent_id
     where c.id = comment_json.id;
end;

create function logic.comment_count(ticket text) returns bigint language sql stable
begin atomic
    select count(*) from ticket_comments c where c.ticket_id = comment_count.ticket and c.deleted_at is null;
end;

create function logic.comments_inserted() returns trigger language plpgsql as $$
begin
    perform logic.lock_streams((select array_agg(distinct n.workflow_id) from new_rows n));
    perform logic.refuse_merged((select array_agg(n.ticket_id) from new_rows n));
    perform logic.record_json((
        select jsonb_agg(jsonb_build_object(
            'workflow_id', n.workflow_id, 'ticket_id', n.ticket_id, 'change_type', 'commented',
            'new_value', n.id, 'description', 'Commented.',
            'metadata', jsonb_build_object(
                'comment', logic.comment_json(n.id),
                'changes', jsonb_build_object('comment_count', logic.comment_count(n.ticket_id)))) order by n.created_at, n.id)
        from new_rows n));
    perform logic.queue_matches((select array_agg(distinct n.ticket_id) from new_rows n));
    return null;
end
$$;

create function logic.comments_updated() returns trigger language plpgsql as $$
begin
    perform logic.lock_streams((select array_agg(distinct n.workflow_id) from new_rows n));
    perform logic.record_json((
        select jsonb_agg(jsonb_build_object(
            'workflow_id', n.workflow_id, 'ticket_id', n.ticket_id,
            'change_type', case when n.deleted_at is not null then 'comment_deleted' else 'comment_updated' end,
            'old_value', o.comment_text, 'new_value', case when n.deleted_at is null then n.comment_text end,
            'description', case when n.deleted_at is not null then 'Deleted a comment.' else 'Edited a comment.' end,
            'metadata', jsonb_build_object(
                'comment', case when n.deleted_at is null then logic.comment_json(n.id)
                                else jsonb_build_object('comment_id', n.id) end,
                'changes', jsonb_build_object('comment_count', logic.comment_count(n.ticket_id)))) order by n.created_at, n.id)
        from new_rows n join old_rows o using (id)
        where (n.comment_text, n.deleted_at) is distinct from (o.comment_text, o.deleted_at)));
    perform logic.record_json(logic.moved_changes('comments_moved', 'comment_count', (
        select jsonb_agg(jsonb_build_object('workflow_id', n.workflow_id, 'from', o.ticket_id, 'to', n.ticket_id, 'id', n.id))
          from new_rows n join old_rows o using (id) where n.ticket_id <> o.ticket_id)));
    perform logic.queue_matches((select array_agg(distinct u.ticket_id)
        from (select n.ticket_id from new_rows n union select o.ticket_id from old_rows o) u));
    return null;
end
$$;

-- History rows for comments or commit links that went from one ticket to another: one for each side.
create function logic.moved_changes(change text, field text, moves jsonb) returns jsonb language sql stable
begin atomic
    select jsonb_agg(jsonb_build_object(
            'workflow_id', s.workflow_id, 'ticket_id', s.ticket_id, 'change_type', change, 'field_name', field,
            'old_value', s.source, 'new_value', s.target,
            'description', format('%s %s %s TKT-%s.', s.n, split_part(change, '_', 1),
                case when s.ticket_id = s.target then 'came from' else 'went to' end, t.number),
            'metadata', jsonb_build_object('from', logic.ticket_ref(s.source), 'to', logic.ticket_ref(s.target),
                'changes', jsonb_build_object(field, case field
                    when 'comment_count' then logic.comment_count(s.ticket_id)
                    else (select count(*) from ticket_commits m where m.ticket_id = s.ticket_id) end)))
            order by s.source, s.target, s.ticket_id)
      from (select m.workflow_id, m."from" as source, m."to" as target, side.ticket_id, count(*) as n
              from jsonb_to_recordset(moves) m (workflow_id text, "from" text, "to" text)
              cross join lateral (values (m."from"), (m."to")) side (ticket_id)
             group by 1, 2, 3, 4) s
      join tickets t on t.id = case when s.ticket_id = s.target then s.source else s.target end;
end;

create function logic.reactions_changed() returns trigger language plpgsql as $$
begin
    perform logic.lock_streams((select array_agg(distinct n.workflow_id) from changed_rows n));
    perform logic.record_json((
        select jsonb_agg(jsonb_build_object(
            'workflow_id', c.workflow_id, 'ticket_id', c.ticket_id, 'change_type', 'comment_updated', 'field_name', 'reactions',
            'new_value', n.emoji, 'description', case tg_op when 'INSERT' then 'Reacted to a comment.' else 'Took back a reaction.' end,
            'metadata', jsonb_build_object('comment', logic.comment_json(c.id))) order by c.id)
        from changed_rows n join ticket_comments c on c.id = n.comment_id));
    return null;
end
$$;

-- A commit link as answers and events show it.
create function logic.commit_json(id text) returns jsonb language sql stable
begin atomic
    select jsonb_build_object(
        'commit_sha', m.commit_sha, 'commit_message', m.commit_message, 'commit_timestamp', m.commit_timestamp,
        'author', m.author, 'url', m.url,
        'files_changed', m.files_changed, 'insertions', m.insertions, 'deletions', m.deletions,
        'files_list', m.files_list, 'agent_id', m.agent_id, 'link_method', m.link_method, 'linked_at', m.linked_at)
      from ticket_commits m where m.id = commit_json.id;
end;

create function logic.commits_inserted() returns trigger language plpgsql as $$
begin
    perform logic.lock_streams((select array_agg(distinct n.workflow_id) from new_rows n));
    perform logic.refuse_merged((select array_agg(n.ticket_id) from new_rows n));
    perform logic.record_json((
        select jsonb_agg(jsonb_build_object(
            'workflow_id', n.workflow_id, 'ticket_id', n.ticket_id, 'change_type', 'commit_linked',
            'new_value', n.commit_sha, 'description', format('Linked commit %s.', left(n.commit_sha, 12)),
            'metadata', jsonb_build_object(
                'commit', logic.commit_json(n.id),
                'changes', jsonb_build_object('commit_count',
                    (select count(*) from ticket_commits m where m.ticket_id = n.ticket_id)))) order by n.linked_at, n.id)
        from new_rows n));
    return null;
end
$$;

create function logic.commits_updated() returns trigger language plpgsql as $$
begin
    perform logic.lock_streams((select array_agg(distinct n.workflow_id) from new_rows n));
    perform logic.record_json(logic.moved_changes('commits_moved', 'commit_count', (
        select jsonb_agg(jsonb_build_object('workflow_id', n.workflow_id, 'from', o.ticket_id, 'to', n.ticket_id, 'id', n.id))
          from new_rows n join old_rows o using (id) where n.ticket_id <> o.ticket_id)));
    return null;
end
$$;

-- Refuses a cycle of any length that goes through one of the new edges, then records them.
create function logic.blockers_inserted() returns trigger language plpgsql as $$
declare
    loop_at text;
begin
    perform logic.lock_streams((select array_agg(distinct n.workflow_id) from new_rows n));
    with recursive
    -- Everything that, step by step, blocks the tickets of the new edges.
    chain as (
        select n.ticket_id as start, n.blocked_by_ticket_id as at from new_rows n
        union
        select c.start, k.blocked_by_ticket_id from chain c join ticket_blockers k on k.ticket_id = c.at
    )
    select 'TKT-' || t.number into loop_at from chain c join tickets t on t.id = c.start where c.at = c.start limit 1;
    if loop_at is not null then
        perform logic.fail('CB004', format('%s would end up blocking itself: the blockers would form a cycle.', loop_at),
            jsonb_build_object('field', 'blocked_by_ticket_ids'));
    end if;
    if exists (select from new_rows n join tickets t on t.id in (n.ticket_id, n.blocked_by_ticket_id)
               where t.workflow_id <> n.workflow_id) then
        perform logic.invalid('blocked_by_ticket_ids', 'must name tickets of the same workflow');
    end if;
    perform logic.refuse_merged((select array_agg(b.id) from (
        select n.ticket_id as id from new_rows n union select n.blocked_by_ticket_id from new_rows n) b));
    perform logic.record_json(logic.blocker_changes('blocked', (select jsonb_agg(to_jsonb(n)) from new_rows n)));
    perform logic.queue_matches((select array_agg(distinct n.ticket_id) from new_rows n));
    return null;
end
$$;

-- Records released edges; where the blocker was resolved, a comment on the released ticket says so.
create function logic.blockers_deleted() returns trigger language plpgsql as $$
begin
    perform logic.lock_streams((select array_agg(distinct o.workflow_id) from old_rows o));
    perform logic.record_json(logic.blocker_changes('unblocked', (select jsonb_agg(to_jsonb(o)) from old_rows o)));
    perform logic.queue_matches((select array_agg(distinct o.ticket_id) from old_rows o));
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

-- History rows for edges that came or went: one for each edge, each with the list as it now stands.
create function logic.blocker_changes(change text, edges jsonb) returns jsonb language sql stable
begin atomic
    select jsonb_agg(jsonb_build_object(
            'workflow_id', e.workflow_id, 'ticket_id', e.ticket_id, 'change_type', change,
            'field_name', 'blocked_by_ticket_ids',
            'old_value', case change when 'unblocked' then e.blocked_by_ticket_id end,
            'new_value', case change when 'blocked' then e.blocked_by_ticket_id end,
            'description', format('%s by TKT-%s.', case change when 'blocked' then 'Blocked' else 'No longer blocked' end, coalesce(t.number::text, '?')),
            'metadata', jsonb_build_object(
                'blocker', logic.ticket_ref(e.blocked_by_ticket_id),
                'changes', jsonb_build_object('blocked_by_ticket_ids', left_over.ids, 'is_blocked', cardinality(left_over.ids) > 0)))
            order by e.ticket_id, e.blocked_by_ticket_id)
      from jsonb_to_recordset(edges) e (workflow_id text, ticket_id text, blocked_by_ticket_id text)
      -- A ticket removed for good blocks no more, and what it blocked is told.
      left join tickets t on t.id = e.blocked_by_ticket_id
      cross join lateral (
        select coalesce(array_agg(k.blocked_by_ticket_id order by k.blocked_by_ticket_id), '{}') as ids
          from ticket_blockers k where k.ticket_id = e.ticket_id
      ) left_over;
end;

create trigger comments_inserted after insert on ticket_comments
    referencing new table as new_rows for each statement execute function logic.comments_inserted();
create trigger comments_updated after update on ticket_comments
    referencing old table as old_rows new table as new_rows for each statement execute function logic.comments_updated();
create trigger reactions_inserted after insert on comment_reactions
    referencing new table as changed_rows for each statement execute function logic.reactions_changed();
create trigger reactions_deleted after delete on comment_reactions
    referencing old table as changed_rows for each statement execute function logic.reactions_changed();
create trigger commits_inserted after insert on ticket_commits
    referencing new table as new_rows for each statement execute function logic.commits_inserted();
create trigger commits_updated after update on ticket_commits
    referencing old table as old_rows new table as new_rows for each statement execute function logic.commits_updated();
create trigger blockers_inserted after insert on ticket_blockers
    referencing new table as new_rows for each statement execute function logic.blockers_inserted();
create trigger blockers_deleted after delete on ticket_blockers
    referencing old table as old_rows for each statement execute function logic.blockers_deleted();
