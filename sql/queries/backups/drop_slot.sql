-- Drops the slot of the archive, which would keep the log for ever, when the server does not archive any more.
select count(pg_drop_replication_slot(r.slot_name)::text) as dropped
  from pg_replication_slots r
 where r.slot_name = 'callboard_archive' and not r.active
