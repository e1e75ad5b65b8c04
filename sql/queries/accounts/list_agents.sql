-- Agents and services the caller may see. $1 caller, $2 most rows, $3 id to go on after or null.
select logic.list_agents($1, $2, $3)
