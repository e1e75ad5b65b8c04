-- A job as JSON text with its epoch and seq.
-- $1 caller · $2 room
select s.epoch, s.seq, s.body from logic.job_snapshot($1::text, $2::text) s
