-- What a relay compares every second: the epoch, whether the server is a replica, and the last sequence number of each of some
-- streams.
-- $1 text[]: stream ids
select logic.epoch() as epoch, pg_is_in_recovery() as replica,
       (select coalesce(jsonb_object_agg(s.stream_id, s.last_seq), '{}') from streams s where s.stream_id = any ($1::text[])) as heads
