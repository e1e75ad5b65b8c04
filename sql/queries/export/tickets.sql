-- $1 caller, $2 workflow
select logic.export_tickets($1, $2)
