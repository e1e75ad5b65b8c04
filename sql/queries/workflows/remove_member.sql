-- Removes a member.
-- Parameters: $1 caller, $2 workflow, $3 actor.
select logic.remove_member(caller => $1, workflow => $2, actor => $3)
