-- $1 caller, $2 ids or names (text[])
select logic.find_workflows($1, $2)
