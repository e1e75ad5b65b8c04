-- Makes an agent or service if it does not exist. $1 id, $2 kind, $3 name or null.
select logic.provision_actor($1, $2, $3)
