-- Export of tickets.

-- Everything about a workflow's tickets, or about some of them in the given order.
create function logic.export_tickets(caller text, workflow text, only_these text[] default null) returns jsonb language plpgsql as $$
declare
    exported jsonb;
begin
    perform logic.authorize(caller, workflow, 'viewer');
    exported := jsonb_build_object(
        'workflow_id', workflow,
        'workflow_name', (select w.name from workflows w where w.id = workflow),
        'tickets', coalesce((
            with
            -- The comments of each ticket, in order.
            comments_of as (
                select c.ticket_id, jsonb_agg(jsonb_build_object(
                           'agent_id', c.agent_id, 'comment_text', c.comment_text, 'comment_type', c.comment_type,
                           'created_at', c.created_at) order by c.created_at, c.id) as comments
                  from ticket_comments c
                 where c.workflow_id = export_tickets.workflow and c.deleted_at is null
                   and (only_these is null or c.ticket_id = any (only_these))
                 group by c.ticket_id
            ),
            -- The keys of each ticket's blockers.
            blockers_of as (
                select k.ticket_id, jsonb_agg('TKT-' || b.number order by b.number) as keys
                  from logic.active_blockers k join tickets b on b.id = k.blocked_by_ticket_id
                 where k.workflow_id = export_tickets.workflow and (only_these is null or k.ticket_id = any (only_these))
                 group by k.ticket_id
            ),
            -- The commits of each ticket.
            commits_of as (
                select m.ticket_id, jsonb_agg(m.commit_sha order by m.linked_at, m.id) as commits
                  from ticket_commits m where m.workflow_id = export_tickets.workflow
                   and (only_these is null or m.ticket_id = any (only_these))
                 group by m.ticket_id
            )
            select jsonb_agg(jsonb_build_object(
                'ticket_id', t.id, 'key', 'TKT-' || t.number, 'title', t.title, 'description', t.description,
                'ticket_type', t.ticket_type, 'priority', t.priority, 'status', t.status, 'tags', t.tags,
                'assigned_agent_id', t.assigned_agent_id, 'created_by_agent_id', t.created_by_agent_id,
                'parent', 'TKT-' || p.number, 'blocked_by', coalesce(blockers_of.keys, '[]'), 'commits', coalesce(commits_of.commits, '[]'),
                'story_points', t.story_points, 'estimate_minutes', t.estimate_minutes, 'spent_minutes', t.spent_minutes,
                'due_on', t.due_on, 'milestone', (select m.name from milestones m where m.id = t.milestone_id),
                'is_resolved', t.is_resolved, 'created_at', t.created_at, 'updated_at', t.updated_at,
                'started_at', t.started_at, 'completed_at', t.completed_at, 'external_ref', t.external_ref,
                'comments', coalesce(comments_of.comments, '[]')) order by array_position(only_these, t.id), t.number)
              from tickets t
              left join tickets p on p.id = t.parent_ticket_id
              left join comments_of on comments_of.ticket_id = t.id
              left join blockers_of on blockers_of.ticket_id = t.id
              left join commits_of on commits_of.ticket_id = t.id
             where t.workflow_id = export_tickets.workflow and logic.is_live(t)
               and (only_these is null or t.id = any (only_these))), '[]'));
    -- Last, because the count of the hour is locked until the commit.
    perform logic.record_repeatable_event('export', 'ok', null, workflow,
        jsonb_build_object('tickets', jsonb_array_length(exported -> 'tickets'), 'all', only_these is null));
    return exported;
end
$$;
