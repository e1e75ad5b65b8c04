-- Where the recovery of a restored database ended.
select pg_last_wal_replay_lsn()::text as replayed
