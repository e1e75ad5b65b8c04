-- $1 caller, $2 workflow (id or name; made if absent), $3 items (jsonb), $4 people (jsonb)
select logic.import_tickets($1, $2, $3, $4)
