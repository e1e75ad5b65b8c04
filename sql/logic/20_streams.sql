-- The stream: sequence numbers without gaps in commit order, and the bell.
--
-- Lock order of everything that writes: the job's row, board column (only where a WIP limit is enforced),
-- ticket rows sorted by id, then the stream rows, taken as late as possible because they are held until commit.
-- Whoever writes to a job's stream holds the job's row, so that its stream never has to be waited for.
-- Functions that touch several tickets of one workflow take its stream row first (logic.lock_stream);
-- what deadlocks all the same is retried by the caller (SQLSTATE 40P01).

-- Hands out consecutive numbers: one for each element of `wanted` (stream ids, repeats welcome).
-- Answers the number before the first of each stream. The row lock makes numbers follow commit order,
-- and a rollback returns them, so there are no gaps.
create function logic.next_seqs(wanted text[]) returns table (stream_id text, before_first bigint) language plpgsql as $$
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
create function logic.lock_stream(workflow text) returns void language sql
begin atomic
    select from streams s where s.stream_id = 'workflow:' || lock_stream.workflow for no key update;
end;

-- The same for several workflows at once. Triggers whose events carry something counted or gathered from
-- other rows (a ticket's comments, its blockers) take it before they look: whoever has the number before
-- ours has committed by then, so what the last event says is how things are.
create function logic.lock_streams(workflows text[]) returns void language plpgsql as $$
begin
    perform 1 from streams s
      where s.stream_id in (select 'workflow:' || w.id from unnest(workflows) w (id))
      order by s.stream_id for no key update;
end
$$;

-- The actor that history names: set by logic.act, or the database role of whoever typed SQL.
create function logic.current_actor() returns text language sql stable
begin atomic
    select coalesce(nullif(current_setting('callboard.actor', true), ''), 'db:' || session_user);
end;

create function logic.current_on_behalf_of() returns text language sql stable
begin atomic
    select nullif(current_setting('callboard.on_behalf_of', true), '');
end;

-- What a program outside told of the change that this transaction makes, in its own words, as event data.
create function logic.reported() returns jsonb language sql stable
begin atomic
    select case when coalesce(current_setting('callboard.reported', true), '') = '' then '{}'::jsonb
                else jsonb_build_object('reported', current_setting('callboard.reported', true)::jsonb) end;
end;

-- Whether this transaction has to ring: a relay sleeps, or our snapshot may be too old to know. A relay
-- renews its mark every few seconds; the mark of one that died stops ringing by itself, and one that was
-- held up for so long reads the tail without a bell.
create function logic.bell_needed() returns boolean language sql volatile
begin atomic
    select current_setting('transaction_isolation') <> 'read committed'
        or exists (select from relays r where r.asleep and r.seen_at > now() - interval '1 minute');
end;

-- Rings for events other than status changes.
create function logic.ring() returns void language plpgsql as $$
begin
    if logic.bell_needed() then
        perform pg_notify('callboard', '');
    end if;
end
$$;

-- Rings for one status change, with ids only, so that anyone may LISTEN from psql too. The setting
-- notify_status_changes = "gated" puts it under the same gate as the rest.
create function logic.ring_status(workflow text, ticket text, seq bigint, old_status text, new_status text)
returns void language plpgsql as $$
begin
    if (select s.value from settings s where s.key = 'notify_status_changes') is distinct from '"gated"' or logic.bell_needed() then
        perform pg_notify('callboard', json_build_object('workflow_id', workflow, 'ticket_id', ticket,
            'seq', seq, 'from', old_status, 'to', new_status)::text);
    end if;
end
$$;

-- One change on its way into history: into `stream_id`, or the workflow's stream where that is null.
create type logic.change as (
    workflow_id text, ticket_id text, change_type text, field_name text, old_value text, new_value text,
    description text, metadata jsonb, job_id text, stream_id text
);

-- Writes gathered changes into their streams, in the order given, and rings.
create function logic.record(changes logic.change[]) returns void language plpgsql as $$
declare
    base record;
    one logic.change;
    seq bigint;
    actor text;
    acting_for text;
    quiet boolean := true;
begin
    if cardinality(changes) = 0 or changes is null then
        return;
    end if;
    actor := logic.current_actor();
    acting_for := logic.current_on_behalf_of();
    if cardinality(changes) > 20 then
        perform logic.record_many(changes, actor, acting_for);
        return;
    end if;
    for base in
        select * from logic.next_seqs(array(select coalesce(c.stream_id, 'workflow:' || c.workflow_id) from unnest(changes) c))
    loop
        seq := base.before_first;
        foreach one in array changes loop
            continue when coalesce(one.stream_id, 'workflow:' || one.workflow_id) <> base.stream_id;
            seq := seq + 1;
            insert into history (stream_id, seq, workflow_id, ticket_id, job_id, change_type, field_name, old_value, new_value,
                                 change_description, metadata, actor_id, on_behalf_of)
            values (base.stream_id, seq, one.workflow_id, one.ticket_id, one.job_id, one.change_type, one.field_name, one.old_value, one.new_value,
                    coalesce(one.description, ''), coalesce(one.metadata, '{}'), actor, acting_for);
            if one.change_type = 'status_changed' then
                perform logic.ring_status(one.workflow_id, one.ticket_id, seq, one.old_value, one.new_value);
            else
                quiet := false;
            end if;
        end loop;
    end loop;
    if not quiet then
        perform logic.ring();
    end if;
end
$$;

-- The same in one statement, for so many changes that going through them once a stream would be slow.
create function logic.record_many(changes logic.change[], actor text, acting_for text) returns void language plpgsql as $$
declare
    moved record;
begin
    for moved in
    with
    -- Each change with its stream and its place among that stream's.
    placed as materialized (
        select c.*, coalesce(c.stream_id, 'workflow:' || c.workflow_id) as stream,
               row_number() over (partition by coalesce(c.stream_id, 'workflow:' || c.workflow_id) order by c.place) as nth
          from unnest(changes) with ordinality c (workflow_id, ticket_id, change_type, field_name, old_value, new_value, description,
                                                  metadata, job_id, stream_id, place)
    ),
    -- The numbers before each stream's first.
    bases as materialized (
        select * from logic.next_seqs((select array_agg(p.stream) from placed p))
    ),
    written as (
        insert into history (stream_id, seq, workflow_id, ticket_id, job_id, change_type, field_name, old_value, new_value,
                             change_description, metadata, actor_id, on_behalf_of)
        select p.stream, b.before_first + p.nth, p.workflow_id, p.ticket_id, p.job_id, p.change_type, p.field_name, p.old_value, p.new_value,
               coalesce(p.description, ''), coalesce(p.metadata, '{}'), actor, acting_for
          from placed p join bases b on b.stream_id = p.stream
         order by p.place
        returning workflow_id, ticket_id, seq, change_type, old_value, new_value
    )
    select * from written w where w.change_type = 'status_changed' order by w.seq
    loop
        perform logic.ring_status(moved.workflow_id, moved.ticket_id, moved.seq, moved.old_value, moved.new_value);
    end loop;
    if exists (select from unnest(changes) c where c.change_type <> 'status_changed') then
        perform logic.ring();
    end if;
end
$$;

-- The same for changes that a trigger gathered as a JSON array of objects with the fields of
-- logic.change.
create function logic.record_json(changes jsonb) returns void language plpgsql as $$
begin
    perform logic.record(array(
        select row(r.*)::logic.change
          from jsonb_array_elements(changes) with ordinality e (item, place)
          cross join lateral jsonb_to_record(e.item) r (workflow_id text, ticket_id text, change_type text, field_name text,
                old_value text, new_value text, description text, metadata jsonb, job_id text, stream_id text)
         order by e.place));
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

-- Makes the monthly partitions of history from this month to `months` ahead.
create function logic.make_history_partitions(months int default 3) returns int language plpgsql as $$
declare
    month date;
    made int := 0;
begin
    for month in
        select (date_trunc('month', now() at time zone 'UTC') + make_interval(months => m))::date
        from generate_series(0, months) m
    loop
        if to_regclass(format('history_%s', to_char(month, 'YYYY_MM'))) is null then
            execute format('create table %I partition of history for values from (%L) to (%L)',
                'history_' || to_char(month, 'YYYY_MM'),
                month::timestamp at time zone 'UTC', (month + interval '1 month') at time zone 'UTC');
            made := made + 1;
        end if;
    end loop;
    return made;
end
$$;
