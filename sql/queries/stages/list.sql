-- Every ticket of a board with its stage, and the board's place in its stream.
-- Parameters: $1 caller, $2 workflow or null.
select t.epoch, t.seq, t.body from logic.list_staged_tickets($1, $2) t
