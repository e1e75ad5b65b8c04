-- Triggers of comments and reactions: each change is an event of the ticket, also a DELETE typed in psql (the
-- product only marks comments as deleted). Rows removed by a cascade get no event of their own; the ticket's
-- event covers them.
-- Lock order: comment rows, then the stream row, before anything is counted.

-- Notes which people a comment mentions, for their Home. The stream of the workflow is locked, so the times are in its order.
create function logic.note_mentions(comment text, workflow text, author text, mentioned text[]) returns void language plpgsql as $$
begin
    insert into comment_mentions (actor_id, comment_id, workflow_id)
    select a.id, note_mentions.comment, note_mentions.workflow
      from actors a
     where a.id = any (mentioned) and a.kind = 'user' and a.id is distinct from note_mentions.author
    on conflict do nothing;
end
$$;

-- AFTER INSERT, by statement: one event for each comment.
create function logic.comments_inserted() returns trigger language plpgsql as $$
begin
    perform logic.lock_workflow_streams((select array_agg(distinct n.workflow_id) from new_rows n));
    perform logic.require_not_merged((select array_agg(n.ticket_id) from new_rows n));
    if exists (select from new_rows n where n.mentions <> '{}') then
        perform logic.note_mentions(n.id, n.workflow_id, n.agent_id, n.mentions) from new_rows n where n.deleted_at is null;
    end if;
    perform logic.record_json_changes((
        select jsonb_agg(jsonb_build_object(
            'workflow_id', n.workflow_id, 'ticket_id', n.ticket_id, 'change_type', 'commented',
            'new_value', n.id, 'description', 'Commented.',
            'metadata', jsonb_build_object(
                'comment', logic.comment_json(n.id),
                'changes', jsonb_build_object('comment_count', logic.comment_count(n.ticket_id)))) order by n.created_at, n.id)
        from new_rows n));
    perform logic.queue_search_matching((select array_agg(distinct n.ticket_id) from new_rows n));
    return null;
end
$$;

-- AFTER UPDATE, by statement: edited and deleted comments, and comments that moved to another ticket (merges).
create function logic.comments_updated() returns trigger language plpgsql as $$
begin
    perform logic.lock_workflow_streams((select array_agg(distinct n.workflow_id) from new_rows n));
    -- Those that an edit adds; what was read before is not news again.
    perform logic.note_mentions(n.id, n.workflow_id, n.agent_id, array(select m from unnest(n.mentions) m where m <> all (o.mentions)))
       from new_rows n join old_rows o using (id) where n.mentions <> o.mentions and n.deleted_at is null;
    perform logic.record_json_changes((
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
    perform logic.record_json_changes(logic.attachment_moved_changes('comments_moved', 'comment_count', (
        select jsonb_agg(jsonb_build_object('workflow_id', n.workflow_id, 'from', o.ticket_id, 'to', n.ticket_id, 'id', n.id))
          from new_rows n join old_rows o using (id) where n.ticket_id <> o.ticket_id)));
    perform logic.queue_search_matching((select array_agg(distinct u.ticket_id)
        from (select n.ticket_id from new_rows n union select o.ticket_id from old_rows o) u));
    return null;
end
$$;

-- AFTER INSERT or DELETE, by statement: the event carries the comment with its reactions.
create function logic.reactions_changed() returns trigger language plpgsql as $$
begin
    perform logic.lock_workflow_streams((select array_agg(distinct n.workflow_id) from changed_rows n));
    perform logic.record_json_changes((
        select jsonb_agg(jsonb_build_object(
            'workflow_id', c.workflow_id, 'ticket_id', c.ticket_id, 'change_type', 'comment_updated', 'field_name', 'reactions',
            'new_value', n.emoji, 'description', case tg_op when 'INSERT' then 'Reacted to a comment.' else 'Removed a reaction.' end,
            'metadata', jsonb_build_object('comment', logic.comment_json(c.id))) order by c.id)
        from changed_rows n join ticket_comments c on c.id = n.comment_id));
    return null;
end
$$;

-- AFTER DELETE, by statement: only a DELETE typed in psql.
create function logic.comments_removed() returns trigger language plpgsql as $$
begin
    perform logic.lock_workflow_streams((select array_agg(distinct o.workflow_id) from old_rows o));
    perform logic.record_json_changes((
        select jsonb_agg(jsonb_build_object(
            'workflow_id', o.workflow_id, 'ticket_id', o.ticket_id, 'change_type', 'comment_deleted',
            'old_value', o.comment_text, 'description', 'Removed a comment for good.',
            'metadata', jsonb_build_object(
                'comment', jsonb_build_object('comment_id', o.id),
                'changes', jsonb_build_object('comment_count', logic.comment_count(o.ticket_id)))) order by o.created_at, o.id)
        from old_rows o join tickets t on t.id = o.ticket_id where o.deleted_at is null));
    return null;
end
$$;

create trigger comments_inserted after insert on ticket_comments
    referencing new table as new_rows for each statement when (coalesce(current_setting('callboard.archive', true), '') <> 'on')
    execute function logic.comments_inserted();
create trigger comments_updated after update on ticket_comments
    referencing old table as old_rows new table as new_rows for each statement execute function logic.comments_updated();
create trigger comments_removed after delete on ticket_comments
    referencing old table as old_rows for each statement execute function logic.comments_removed();
create trigger reactions_inserted after insert on comment_reactions
    referencing new table as changed_rows for each statement when (coalesce(current_setting('callboard.archive', true), '') <> 'on')
    execute function logic.reactions_changed();
create trigger reactions_deleted after delete on comment_reactions
    referencing old table as changed_rows for each statement execute function logic.reactions_changed();
