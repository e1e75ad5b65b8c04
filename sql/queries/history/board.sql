-- A board as JSON text with its epoch and seq.
-- $1 caller · $2 workflow id
select b.epoch, b.seq, b.body from logic.board_snapshot($1::text, $2::text) b
