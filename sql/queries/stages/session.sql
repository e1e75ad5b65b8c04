-- Who is connected, and to which board.
-- Parameters: $1 caller.
select logic.stage_session($1)
