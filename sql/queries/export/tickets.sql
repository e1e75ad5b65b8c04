-- The tickets of a workflow with everything about them, or some of them in the order given.
-- $1 caller, $2 workflow, $3 text[]: ticket ids, or null for all
select logic.export_tickets($1, $2, $3)
