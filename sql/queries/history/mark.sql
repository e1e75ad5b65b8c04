-- Renews a relay's mark in `relays`: that it is alive, and whether it has stopped polling. Writers notify sleeping
-- relays.
-- $1 text: the relay's node · $2 boolean: asleep
insert into relays (node, asleep, seen_at) values ($1::text, $2::boolean, clock_timestamp())
on conflict (node) do update set asleep = excluded.asleep, seen_at = excluded.seen_at
