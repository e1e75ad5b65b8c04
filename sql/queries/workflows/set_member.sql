-- Adds a member or changes its role.
-- Parameters: $1 caller, $2 workflow, $3 actor, $4 role.
select logic.set_member(
    caller => $1,
    workflow => $2,
    actor => $3,
    role => $4)
