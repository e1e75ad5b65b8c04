-- Rows removed for good. The product only marks tickets and comments as deleted; a DELETE typed in psql is
-- recorded all the same, so that screens follow it. What goes with its ticket (cascades) needs no event of
-- its own: the ticket's says it. Lock order: the stream row comes last, and before anything is counted.

create function logic.tickets_removed() returns trigger language plpgsql as $$
begin
    perform logic.lock_streams((select array_agg(distinct o.workflow_id) from old_rows o));
    perform logic.record_json((
        select jsonb_agg(jsonb_build_object(
            'workflow_id', o.workflow_id, 'ticket_id', o.id, 'change_type', 'deleted', 'old_value', o.title,
            'description', format('Removed TKT-%s for good.', o.number),
            'metadata', jsonb_build_object('changes', '{}'::jsonb)) order by o.number)
        from old_rows o where o.deleted_at is null));
    return null;
end
$$;

create function logic.comments_removed() returns trigger language plpgsql as $$
begin
    perform logic.lock_streams((select array_agg(distinct o.workflow_id) from old_rows o));
    perform logic.record_json((
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

create function logic.commits_removed() returns trigger language plpgsql as $$
begin
    perform logic.lock_streams((select array_agg(distinct o.workflow_id) from old_rows o));
    perform logic.record_json((
        select jsonb_agg(jsonb_build_object(
            'workflow_id', o.workflow_id, 'ticket_id', o.ticket_id, 'change_type', 'commit_unlinked',
            'old_value', o.commit_sha, 'description', format('Unlinked commit %s.', left(o.commit_sha, 12)),
            'metadata', jsonb_build_object('changes', jsonb_build_object('commit_count',
                (select count(*) from ticket_commits m where m.ticket_id = o.ticket_id)))) order by o.linked_at, o.id)
        from old_rows o join tickets t on t.id = o.ticket_id));
    return null;
end
$$;

create trigger tickets_removed after delete on tickets
    referencing old table as old_rows for each statement execute function logic.tickets_removed();
create trigger comments_removed after delete on ticket_comments
    referencing old table as old_rows for each statement execute function logic.comments_removed();
create trigger commits_removed after delete on ticket_commits
    referencing old table as old_rows for each statement execute function logic.commits_removed();
