-- Where a session's search for a queued job begins.
--
-- A claim takes the first row of an index. While a snapshot is held open elsewhere, Postgres keeps the entries of all jobs
-- that were claimed since, in front of it, and each claim would read past them. A session therefore remembers, for each
-- urgency, the first job that was queued, and which snapshot it saw. What was queued since is in history.
-- Looking there takes a tenth of a claim's time, so a session does so only after a long search.

-- The blocks of the table that a long search reads; others read a few for each job that another claim has locked.
create function logic.long_queue_search() returns bigint language sql immutable parallel safe begin atomic select 200; end;

-- What the session remembers of a queue (a workflow, or '' for all), with `changed`: the jobs that changed since. Null for
-- nothing, or if too much has changed.
create function logic.recall_queue_floors(queue text) returns jsonb language plpgsql
-- Only the newest events are read, also by a plan that was made when there were few.
set enable_seqscan = off
as $$
declare
    held constant jsonb := nullif(current_setting('callboard.queue_floors', true), '')::jsonb -> queue;
    seen pg_snapshot;
    changed text[];
begin
    -- From the start once a minute: perhaps the entries are gone, or a row was changed in a way that history does not show.
    if held is null or (held ->> 'since')::timestamptz < clock_timestamp() - interval '1 minute' then
        return null;
    end if;
    seen := (held ->> 'snapshot')::pg_snapshot;
    changed := array(
        select h.job_id from history h
         where (h.xid >= pg_snapshot_xmax(seen) and h.xid < '4611686018427387904'::xid8 or h.xid = any (array(select pg_snapshot_xip(seen))))
           and h.job_id is not null and (queue = '' or h.workflow_id = queue)
           -- Leaves out the partitions of earlier months.
           and h.changed_at > (held ->> 'since')::timestamptz - interval '1 day'
         limit 1001);
    if cardinality(changed) > 1000 then
        return null;
    end if;
    return held || jsonb_build_object('changed', changed);
end
$$;

-- The floors by urgency, [created_at, id], lowered to the jobs that were queued since. These are looked up one by one: a plan that reads
-- the queue, which looks short to the planner without statistics, would read past the entries that the floors are there to skip.
create function logic.lowered_queue_floors(held jsonb) returns jsonb language sql stable
-- As above.
set enable_seqscan = off
begin atomic
    select coalesce(held -> 'floors', '{}') || coalesce(jsonb_object_agg(l.urgency, l.key), '{}')
      from (select distinct on (j.urgency) j.urgency, jsonb_build_array(j.created_at, j.id) as key, j.created_at, j.id
              from (select distinct c.id from jsonb_array_elements_text(held -> 'changed') c (id)) changed
             cross join lateral (
                select o.urgency, o.created_at, o.id, o.status, o.deleted_at from jobs o where o.id = changed.id offset 0) j
             where j.status = 'queued' and j.deleted_at is null
             order by j.urgency, j.created_at, j.id) l
     where held -> 'floors' ? l.urgency::text
       and (l.created_at, l.id) < ((held -> 'floors' -> l.urgency::text ->> 0)::timestamptz, held -> 'floors' -> l.urgency::text ->> 1);
end;

-- Remembers the floors of a queue, of at most 20 queues. They hold for `seen`, a snapshot from before they were looked up.
create function logic.remember_queue_floors(queue text, seen pg_snapshot, since timestamptz, floors jsonb) returns boolean language plpgsql as $$
declare
    held jsonb := coalesce(nullif(current_setting('callboard.queue_floors', true), '')::jsonb, '{}');
    noted text;
begin
    if not held ? queue and (select count(*) from jsonb_object_keys(held)) >= 20 then
        held := '{}';
    end if;
    noted := set_config('callboard.queue_floors', (held || jsonb_build_object(queue,
        jsonb_build_object('snapshot', seen, 'since', since, 'floors', floors)))::text, false);
    return true;
end
$$;
