-- Removes the marks of dead relays, and that of a relay which stops.
-- $1 text: a node that stops, or null
delete from relays r where r.seen_at < clock_timestamp() - interval '2 minutes' or r.node = $1::text
