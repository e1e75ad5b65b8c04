-- The boards a new workflow can start from.

-- The ticket types of every template.
create function logic.default_ticket_types() returns jsonb language sql immutable
begin atomic
    select '[
        {"id": "bug", "name": "Bug", "icon": "🐛", "color": "#ef4444"},
        {"id": "feature", "name": "Feature", "icon": "✨", "color": "#3b82f6"},
        {"id": "improvement", "name": "Improvement", "icon": "📈", "color": "#10b981"},
        {"id": "task", "name": "Task", "icon": "📋", "color": "#6b7280"},
        {"id": "spike", "name": "Spike", "icon": "🔬", "color": "#8b5cf6"}]'::jsonb;
end;

-- The templates by name.
create function logic.board_templates() returns jsonb language sql immutable
begin atomic
    select jsonb_object_agg(t.name, jsonb_build_object(
        'name', t.title, 'columns', t.columns, 'initial_status', t.columns -> 0 ->> 'id',
        'ticket_types', t.types, 'default_ticket_type', 'task'))
    from (values
        ('development', 'Development Board', '[
            {"id": "backlog", "name": "Backlog", "color": "#9ca3af", "category": "todo"},
            {"id": "todo", "name": "To Do", "color": "#6b7280", "category": "todo"},
            {"id": "in_progress", "name": "In Progress", "color": "#3b82f6", "category": "active"},
            {"id": "review", "name": "Code Review", "color": "#f59e0b", "category": "active"},
            {"id": "testing", "name": "Testing", "color": "#8b5cf6", "category": "active"},
            {"id": "done", "name": "Done", "color": "#10b981", "category": "done"}]'::jsonb, logic.default_ticket_types()),
        ('sdlc', 'Delivery Board', '[
            {"id": "idle", "name": "Idle", "color": "#9ca3af", "category": "todo"},
            {"id": "plan", "name": "Plan", "color": "#3b82f6", "category": "active"},
            {"id": "build", "name": "Build", "color": "#f59e0b", "category": "active"},
            {"id": "review", "name": "Review", "color": "#8b5cf6", "category": "active"},
            {"id": "shipped", "name": "Shipped", "color": "#10b981", "category": "done"},
            {"id": "errored", "name": "Errored", "color": "#ef4444", "category": "active"}]'::jsonb, logic.default_ticket_types()),
        ('security', 'Security Board', '[
            {"id": "found", "name": "Found", "color": "#ef4444", "category": "todo"},
            {"id": "triaging", "name": "Triaging", "color": "#f59e0b", "category": "active"},
            {"id": "reproduced", "name": "Reproduced", "color": "#3b82f6", "category": "active"},
            {"id": "fixing", "name": "Fixing", "color": "#8b5cf6", "category": "active"},
            {"id": "fp", "name": "False Positive", "color": "#6b7280", "category": "done"},
            {"id": "fixed", "name": "Fixed", "color": "#10b981", "category": "done"}]'::jsonb, logic.default_ticket_types()),
        ('research', 'Research Board', '[
            {"id": "identified", "name": "Identified", "color": "#9ca3af", "category": "todo"},
            {"id": "analyzing", "name": "Analyzing", "color": "#3b82f6", "category": "active"},
            {"id": "writing", "name": "Writing Up", "color": "#f59e0b", "category": "active"},
            {"id": "documented", "name": "Documented", "color": "#10b981", "category": "done"}]'::jsonb, logic.default_ticket_types())
    ) t (name, title, columns, types);
end;
