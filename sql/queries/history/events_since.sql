-- What a room's client missed.
-- $1 caller · $2 room · $3 bigint: since · $4 text: the epoch of that cursor, or null · $5 bigint: at most so many
select logic.list_events_since($1::text, $2::text, $3::bigint, $4::text, $5::bigint)
