-- Makes an agent or service. $1 caller, $2 id or null, $3 kind, $4 name or null, $5 workflows it joins.
select logic.create_agent($1, $2, $3, $4, $5)
