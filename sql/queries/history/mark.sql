-- Says in `relays` whether a relay sleeps, and that it lives. Writers ring the bell for sleepers.
-- $1 text: the relay's node · $2 boolean: asleep
insert into relays (node, asleep, seen_at) values ($1::text, $2::boolean, clock_timestamp())
on conflict (node) do update set asleep = excluded.asleep, seen_at = excluded.seen_at
