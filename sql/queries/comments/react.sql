-- Sets or takes back the caller's reaction.
-- Parameters: $1 caller, $2 comment, $3 emoji, $4 present.
select logic.set_reaction(
    caller => $1,
    comment => $2,
    emoji => $3,
    present => $4)
