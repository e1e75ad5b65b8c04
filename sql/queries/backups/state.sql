-- What a backup states of the database: its epoch, the time, how many events its streams have, and the bytes on disk.
select jsonb_build_object(
    'epoch', logic.epoch(),
    'at', clock_timestamp(),
    'events', (select coalesce(sum(s.last_seq), 0)::bigint from streams s),
    'bytes', (select coalesce(sum(pg_database_size(d.oid)), 0)::bigint from pg_database d),
    'postgres', current_setting('server_version_num')::int / 10000) as state
