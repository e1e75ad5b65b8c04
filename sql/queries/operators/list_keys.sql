-- $1 actor or null
select logic.list_all_api_keys($1)
