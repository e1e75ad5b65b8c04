-- Creates a ticket.
-- Parameters: $1 caller, $2 workflow, $3 title, $4 description, $5 ticket_type, $6 priority, $7 initial_status, $8 assigned_agent_id, $9 parent_ticket_id, $10 blocked_by_ticket_ids, $11 tags, $12 related_task_ids, $13 related_ticket_ids, $14 story_points, $15 estimate_minutes, $16 idempotency_key.
select logic.create_ticket(
    caller => $1,
    workflow => $2,
    title => $3,
    description => $4,
    ticket_type => $5,
    priority => $6,
    initial_status => $7,
    assigned_agent_id => $8,
    parent_ticket_id => $9,
    blocked_by_ticket_ids => $10,
    tags => $11,
    related_task_ids => $12,
    related_ticket_ids => $13,
    story_points => $14,
    estimate_minutes => $15,
    idempotency_key => $16)
