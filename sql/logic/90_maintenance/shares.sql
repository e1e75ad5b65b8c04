-- Whose share of the server's connections a statement uses.

-- The workflow of a row, by the row's id; null if there is none. Authorizes nobody, so its result is never shown.
create function logic.find_workflow_of_row(row_id text) returns text language sql stable
begin atomic
    select coalesce(
        (select t.workflow_id from tickets t where t.id = find_workflow_of_row.row_id),
        (select j.workflow_id from jobs j where j.id = find_workflow_of_row.row_id),
        (select c.workflow_id from ticket_comments c where c.id = find_workflow_of_row.row_id),
        (select a.workflow_id from approvals a where a.id = find_workflow_of_row.row_id),
        (select m.workflow_id from job_messages m where m.id = find_workflow_of_row.row_id),
        (select s.workflow_id from saved_searches s where s.id = find_workflow_of_row.row_id),
        (select w.workflow_id from webhooks w where w.id = find_workflow_of_row.row_id));
end;
