-- Verification of the streams.

-- Every stream has each number from its first kept one to its last exactly once. Returns how many streams and events
-- there are, and the streams that break this.
create function logic.verify_streams() returns jsonb language sql stable
begin atomic
    with
    -- Each stream with the rows that history has of it.
    seen as (
        select s.stream_id, s.last_seq, s.pruned_seq, count(h.seq) as events, count(distinct h.seq) as numbers,
               min(h.seq) as first_seq, max(h.seq) as top_seq
          from streams s left join history h on h.stream_id = s.stream_id and h.seq > s.pruned_seq
         group by s.stream_id
    ),
    -- Streams with a gap, a repeat or a wrong end.
    broken as (
        select n.* from seen n
         where n.events <> n.last_seq - n.pruned_seq or n.numbers <> n.events
            or (n.events > 0 and (n.first_seq <> n.pruned_seq + 1 or n.top_seq <> n.last_seq))
    )
    select jsonb_build_object(
        'streams', (select count(*) from seen),
        'events', (select coalesce(sum(n.events), 0) from seen n),
        'strays', (select count(*) from history h where not exists (select from streams s where s.stream_id = h.stream_id)),
        'broken', coalesce((select jsonb_agg(to_jsonb(b) order by b.stream_id) from broken b), '[]'));
end;
