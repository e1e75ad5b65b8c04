-- The last sequence number of each of some streams.
-- $1 text[]: stream ids
select s.stream_id, s.last_seq from streams s where s.stream_id = any ($1::text[])
