-- Streams: sequence numbers without gaps, in commit order.
--
-- Lock order of every writer: job row, board column (only where a WIP limit is enforced), ticket rows sorted by id,
-- then stream rows, as late as possible because they are held until commit. Every writer to a job's stream holds
-- the job's row, so it never waits for that stream. Functions that touch several tickets of one workflow lock its
-- stream first (logic.lock_workflow_stream). Deadlocks that remain (SQLSTATE 40P01) are retried by the client.

-- Locks the row of a stream until commit and returns its place; null if there is no such stream. While a snapshot is held open
-- elsewhere, all versions of the row since stay. The newest is the last in the table, so the index is read backwards, for
-- which the condition must be a range; without `enable_sort`, a plan made while the table is small does not read all of it. The
-- row is then updated at this place, in a statement of its own, whose snapshot sees it.
create function logic.lock_stream(stream text) returns tid language plpgsql set enable_sort = off as $$
declare
    place tid;
begin
    select s.ctid into place from streams s
     where s.stream_id >= stream and s.stream_id <= stream
     order by s.stream_id desc limit 1 for no key update;
    return place;
end
$$;

-- Allocates consecutive numbers: one for each element of `wanted` (stream ids, repeats allowed). Returns the number
-- before the first one of each stream. The row lock makes numbers follow commit order, and a rollback returns
-- them, so there are no gaps.
create function logic.allocate_sequence_numbers(wanted text[]) returns table (stream_id text, before_first bigint) language plpgsql as $$
declare
    one record;
    place tid;
begin
    for one in
        select u.id, count(*) as n from unnest(wanted) u (id) group by u.id order by u.id collate "C"
    loop
        place := logic.lock_stream(one.id);
        return query
            update streams s set last_seq = s.last_seq + one.n
             where s.ctid = place and s.stream_id = one.id
            returning s.stream_id, s.last_seq - one.n;
    end loop;
end
$$;

-- Locks a workflow's stream before tickets are touched; see the lock order above.
create function logic.lock_workflow_stream(workflow text) returns void language plpgsql as $$
begin
    perform logic.lock_stream('workflow:' || workflow);
end
$$;

-- The same for several workflows. Triggers whose events carry counts or lists from other rows (a ticket's comments,
-- its blockers) lock before they read: the writers of all earlier events have committed then, so the newest event
-- carries the current state.
create function logic.lock_workflow_streams(workflows text[]) returns void language plpgsql as $$
declare
    stream text;
begin
    for stream in
        select distinct 'workflow:' || w.id collate "C" from unnest(workflows) w (id) where w.id is not null order by 1
    loop
        perform logic.lock_stream(stream);
    end loop;
end
$$;

-- Identifies one incarnation of the database: system identifier, timeline, the database itself (a dump may be restored
-- beside it), and a counter of restores of the same disk. A cursor of another epoch is never valid.
create function logic.epoch() returns text language sql stable
begin atomic
    select to_hex(c.system_identifier)
        || '-' || case when pg_is_in_recovery() then 'replica' else substr(pg_walfile_name(pg_current_wal_lsn()), 1, 8) end
        || '-' || (select d.oid from pg_database d where d.datname = current_database())
        || '-' || coalesce((select s.value #>> '{}' from settings s where s.key = 'restores'), '0')
    from pg_control_system() c;
end;
