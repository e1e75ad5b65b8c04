-- Renames or disables an agent. $1 caller, $2 agent, $3 name or null, $4 disabled or null.
select logic.update_agent($1, $2, $3, $4)
