-- Which open sockets' callers have lost their credential or the right to a workflow.
-- $1 jsonb: [{actor, session, key, workflows}]
select l.place, l.workflow_id from logic.lost_access($1::jsonb) l
