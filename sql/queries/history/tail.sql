-- The events that became visible since a snapshot, ordered by stream and seq, with the snapshot of this read. Returns
-- one row without an event if there are none.
--
-- Not `xid >= xmin and not pg_visible_in_snapshot(…)`, which is equivalent but slow: a long transaction holds xmin
-- back, and every read would scan all rows since. The old snapshot did not see the transactions that began after
-- it and those it lists as running. From 2^62 on are the events that an archive brought, which are not new.
--
-- $1 text: the old snapshot
-- $2 text: read up to this snapshot instead of now (to continue a limited read), or null
-- $3 text, $4 bigint: continue after this stream and seq, or null
-- $5 bigint: the maximum number of events
with
-- The snapshot to read up to.
snapshot as materialized (
    select coalesce($2::text::pg_snapshot, pg_current_snapshot()) as value
),
-- The new events. Separate from order and limit, so that the plan always uses the index on xid.
unseen as materialized (
    select h.*
      from history h
     where (h.xid >= pg_snapshot_xmax($1::text::pg_snapshot) and h.xid < '4611686018427387904'::xid8
            or h.xid = any (array(select pg_snapshot_xip($1::text::pg_snapshot))))
       and ($2::text is null or pg_visible_in_snapshot(h.xid, $2::text::pg_snapshot))
       and ($3::text is null or (h.stream_id, h.seq) > ($3::text collate "C", $4::bigint))
),
-- The first of them.
page as (
    select * from unseen u order by u.stream_id, u.seq limit $5::bigint
)
select s.value::text as snapshot,
       pg_snapshot_xmin(s.value)::text::bigint as xmin,
       pg_snapshot_xmax(s.value)::text::bigint as xmax,
       p.stream_id, p.seq, p.workflow_id, p.ticket_id, p.job_id, p.change_type, p.field_name,
       p.old_value, p.new_value, p.change_description,
       logic.live_event_data(p.change_type, p.new_value, p.metadata, k.custom_fields)::text as metadata, p.actor_id, p.on_behalf_of, p.changed_at,
       extract(epoch from clock_timestamp() - p.changed_at)::float8 as age
  from snapshot s
  left join page p on true
  -- By its key for each event, whatever the planner expects.
  left join lateral (select t.custom_fields from tickets t where t.id = p.ticket_id offset 0) k on true
 order by p.stream_id, p.seq
