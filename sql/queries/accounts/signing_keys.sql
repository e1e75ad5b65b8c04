-- The signing keys, newest first; makes them if there are none.
-- $1 kid and $2 secret of a new access key, $3 kid and $4 secret of a new refresh key.
select logic.ensure_signing_keys($1, $2, $3, $4)
