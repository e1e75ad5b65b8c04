-- Where the database stands: its epoch, whether it is a replica, what a statement sees now. No parameters.
select logic.epoch() as epoch, pg_is_in_recovery() as replica, s.value::text as snapshot,
       pg_snapshot_xmin(s.value)::text::bigint as xmin, pg_snapshot_xmax(s.value)::text::bigint as xmax
  from pg_current_snapshot() s (value)
