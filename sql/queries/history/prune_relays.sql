-- Removes the marks of relays that have not been heard of for a while, and one's own when leaving.
-- $1 text: a node that leaves, or null
delete from relays r where r.seen_at < clock_timestamp() - interval '2 minutes' or r.node = $1::text
