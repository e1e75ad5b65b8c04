-- Which open sockets' callers have lost their credential or the right to a stream.
-- $1 jsonb: [{actor, session, key, streams}]
select l.place, l.stream_id from logic.list_lost_access($1::jsonb) l
