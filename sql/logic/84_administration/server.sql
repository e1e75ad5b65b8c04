-- The state of the server and its database, as administrators see it.

-- The ten largest tables with their indexes; partitions count for the table that they belong to. The number of rows is unknown
-- until the database has counted some for its statistics.
create function logic.largest_tables() returns jsonb language sql stable
begin atomic
    with
    -- Every table that holds rows, under the name of the table that it is a partition of.
    stored as (
        select coalesce(p.relname, c.relname)::text as name, pg_total_relation_size(c.oid) as bytes, case when c.reltuples >= 0 then c.reltuples::bigint end as about_rows
          from pg_class c
          left join pg_inherits i on i.inhrelid = c.oid
          left join pg_class p on p.oid = i.inhparent
         where c.relkind = 'r' and c.relnamespace = 'public'::regnamespace
    ),
    -- The largest.
    largest as (
        select s.name, sum(s.bytes)::bigint as bytes, sum(s.about_rows)::bigint as about_rows, count(*) as partitions
          from stored s group by s.name order by 2 desc, 1 limit 10
    )
    select coalesce(jsonb_agg(jsonb_build_object('name', l.name, 'bytes', l.bytes, 'about_rows', l.about_rows,
               'partitions', l.partitions) order by l.bytes desc, l.name), '[]')
      from largest l;
end;

-- The newest 24 partitions of history that hold something, and how many there are.
create function logic.history_partitions() returns jsonb language sql stable
begin atomic
    with
    -- One a month, by its name.
    parts as (
        select c.relname::text as name, pg_total_relation_size(c.oid) as bytes, case when c.reltuples >= 0 then c.reltuples::bigint end as about_rows,
               pg_relation_size(c.oid) > 0 as filled
          from pg_inherits i join pg_class c on c.oid = i.inhrelid where i.inhparent = 'history'::regclass
    ),
    -- The newest ones with rows.
    newest as (
        select * from parts p where p.filled order by p.name desc limit 24
    )
    select jsonb_build_object('count', (select count(*) from parts), 'bytes', (select coalesce(sum(p.bytes), 0)::bigint from parts p),
               'newest', coalesce((select jsonb_agg(jsonb_build_object('name', n.name, 'bytes', n.bytes, 'about_rows', n.about_rows)
                                                    order by n.name desc) from newest n), '[]'));
end;

-- The servers that followed the database within the last minute, the newest 50.
create function logic.connected_servers() returns jsonb language sql stable
begin atomic
    select coalesce(jsonb_agg(jsonb_build_object('name', r.node, 'seen_at', r.seen_at) order by r.node), '[]')
      from (select * from relays o where o.seen_at > clock_timestamp() - interval '1 minute' order by o.seen_at desc limit 50) r;
end;

-- The slot that keeps the log for the archive of backups; null if there is none.
create function logic.archive_slot() returns jsonb language sql stable
begin atomic
    select jsonb_build_object('connected', s.active, 'lost', s.wal_status is not distinct from 'lost',
               'behind_bytes', case when not pg_is_in_recovery() then greatest(pg_wal_lsn_diff(pg_current_wal_lsn(), s.restart_lsn), 0)::bigint end)
      from pg_replication_slots s where s.slot_name = 'callboard_archive';
end;

-- The newest failure of embedding a ticket that still waits; null if none failed.
create function logic.embedding_failure() returns jsonb language sql stable
begin atomic
    select jsonb_build_object('error', q.last_error, 'ticket_id', q.ticket_id, 'attempts', q.attempts,
               'retry_at', case when q.not_before > '-infinity' then q.not_before end)
      from embedding_queue q where q.last_error is not null order by q.not_before desc limit 1;
end;

-- GET /api/server, but for what only the process knows.
create function logic.get_server(caller text, configured text) returns jsonb language plpgsql stable as $$
declare
    who logic.principal := logic.identify_caller(caller);
    schema_version int;
begin
    perform logic.require_admin(who);
    -- The table belongs to the tool that migrates, so it is read when this runs.
    execute 'select max(version) from public.refinery_schema_history' into schema_version;
    return jsonb_build_object(
        'registration', logic.registration_json(configured),
        'database', jsonb_build_object(
            'postgres', current_setting('server_version'),
            'pgvector', (select e.extversion from pg_extension e where e.extname = 'vector'),
            'schema', schema_version, 'epoch', logic.epoch(),
            'bytes', pg_database_size(current_database()), 'tables', logic.largest_tables(), 'history', logic.history_partitions()),
        'servers', logic.connected_servers(),
        'archive', logic.archive_slot(),
        'embedding_failure', logic.embedding_failure());
end
$$;
