-- The lag of a snapshot: the number of rows it does not see, counted up to a bound.
-- $1 text: the snapshot · $2 bigint: the bound
select count(*)
  from (select from history h
         where h.xid >= pg_snapshot_xmax($1::text::pg_snapshot) and h.xid < '4611686018427387904'::xid8
            or h.xid = any (array(select pg_snapshot_xip($1::text::pg_snapshot)))
         limit $2::bigint) unseen
