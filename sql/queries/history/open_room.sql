-- The stream behind a room that the caller may read.
-- $1 caller · $2 room
select r.stream_id from logic.authorize_room($1::text, $2::text) r
