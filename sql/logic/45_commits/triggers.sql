-- Triggers of commit links: each link and each removal is an event of the ticket.
-- Lock order: the stream row, before commits are counted.

-- AFTER INSERT, by statement: one event for each link.
create function logic.commits_inserted() returns trigger language plpgsql as $$
begin
    perform logic.lock_workflow_streams((select array_agg(distinct n.workflow_id) from new_rows n));
    perform logic.require_not_merged((select array_agg(n.ticket_id) from new_rows n));
    perform logic.record_json_changes((
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

-- AFTER UPDATE, by statement: links that moved to another ticket (merges).
create function logic.commits_updated() returns trigger language plpgsql as $$
begin
    perform logic.lock_workflow_streams((select array_agg(distinct n.workflow_id) from new_rows n));
    perform logic.record_json_changes(logic.attachment_moved_changes('commits_moved', 'commit_count', (
        select jsonb_agg(jsonb_build_object('workflow_id', n.workflow_id, 'from', o.ticket_id, 'to', n.ticket_id, 'id', n.id))
          from new_rows n join old_rows o using (id) where n.ticket_id <> o.ticket_id)));
    return null;
end
$$;

-- AFTER DELETE, by statement; not for links that were removed with their ticket.
create function logic.commits_removed() returns trigger language plpgsql as $$
begin
    perform logic.lock_workflow_streams((select array_agg(distinct o.workflow_id) from old_rows o));
    perform logic.record_json_changes((
        select jsonb_agg(jsonb_build_object(
            'workflow_id', o.workflow_id, 'ticket_id', o.ticket_id, 'change_type', 'commit_unlinked',
            'old_value', o.commit_sha, 'description', format('Unlinked commit %s.', left(o.commit_sha, 12)),
            'metadata', jsonb_build_object('changes', jsonb_build_object('commit_count',
                (select count(*) from ticket_commits m where m.ticket_id = o.ticket_id)))) order by o.linked_at, o.id)
        from old_rows o join tickets t on t.id = o.ticket_id));
    return null;
end
$$;

create trigger commits_inserted after insert on ticket_commits
    referencing new table as new_rows for each statement when (coalesce(current_setting('callboard.archive', true), '') <> 'on')
    execute function logic.commits_inserted();
create trigger commits_updated after update on ticket_commits
    referencing old table as old_rows new table as new_rows for each statement execute function logic.commits_updated();
create trigger commits_removed after delete on ticket_commits
    referencing old table as old_rows for each statement execute function logic.commits_removed();
