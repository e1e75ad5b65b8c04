-- Who is connected, and to which board.
-- Parameters: $1 caller.
select logic.get_stage_session($1)
