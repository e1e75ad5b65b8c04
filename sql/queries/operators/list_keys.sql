-- $1 actor or null
select logic.list_all_keys($1)
