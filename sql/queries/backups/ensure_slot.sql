-- Makes the slot that keeps the log for the archive exist, and returns whether it was made now: then the archive begins
-- afresh. A slot that fell too far behind keeps nothing any more and is replaced.
with
-- The slot as it is.
found as materialized (
    select r.slot_name, r.wal_status from pg_replication_slots r where r.slot_name = 'callboard_archive'
),
-- One that is lost, dropped.
dropped as materialized (
    select pg_drop_replication_slot(f.slot_name)::text as done from found f where f.wal_status = 'lost'
),
-- The new one.
made as materialized (
    select c.slot_name from (select count(*) from dropped) d (n), pg_create_physical_replication_slot('callboard_archive', true) c
     where not exists (select from found f where f.wal_status <> 'lost')
)
select exists (select from made) as made
