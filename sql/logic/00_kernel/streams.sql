-- The stream: sequence numbers without gaps in commit order, and the bell.
--
-- Lock order of everything that writes: the job's row, board column (only where a WIP limit is enforced),
-- ticket rows sorted by id, then the stream rows, taken as late as possible because they are held until commit.
-- Whoever writes to a job's stream holds the job's row, so that its stream never has to be waited for.
-- Functions that touch several tickets of one workflow take its stream row first (logic.lock_workflow_stream);
-- what deadlocks all the same is retried by the caller (SQLSTATE 40P01).

-- Hands out consecutive numbers: one for each element of `wanted` (stream ids, repeats welcome).
-- Answers the number before the first of each stream. The row lock makes numbers follow commit order,
-- and a rollback returns them, so there are no gaps.
create function logic.allocate_sequence_numbers(wanted text[]) returns table (stream_id text, before_first bigint) language plpgsql as $$
begin
    if cardinality(wanted) > 1 then
        perform 1 from streams s where s.stream_id = any (wanted) order by s.stream_id for no key update;
    end if;
    return query
        update streams s set last_seq = s.last_seq + w.n
          from (select u.id, count(*) as n from unnest(wanted) u (id) group by u.id) w
         where s.stream_id = w.id
        returning s.stream_id, s.last_seq - w.n;
end
$$;

-- Takes the stream's row lock before tickets are touched; see the lock order above.
create function logic.lock_workflow_stream(workflow text) returns void language sql
begin atomic
    select from streams s where s.stream_id = 'workflow:' || lock_workflow_stream.workflow for no key update;
end;

-- The same for several workflows at once. Triggers whose events carry something counted or gathered from
-- other rows (a ticket's comments, its blockers) take it before they look: whoever has the number before
-- ours has committed by then, so what the last event says is how things are.
create function logic.lock_workflow_streams(workflows text[]) returns void language plpgsql as $$
begin
    perform 1 from streams s
      where s.stream_id in (select 'workflow:' || w.id from unnest(workflows) w (id))
      order by s.stream_id for no key update;
end
$$;

-- Names one life of the database: system identifier, timeline, and a counter that a restore of the
-- same disk bumps. A cursor of another epoch is never trusted.
create function logic.epoch() returns text language sql stable
begin atomic
    select to_hex(c.system_identifier)
        || '-' || case when pg_is_in_recovery() then 'replica' else substr(pg_walfile_name(pg_current_wal_lsn()), 1, 8) end
        || '-' || coalesce((select s.value #>> '{}' from settings s where s.key = 'restores'), '0')
    from pg_control_system() c;
end;
