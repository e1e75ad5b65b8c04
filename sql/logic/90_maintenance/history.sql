-- Partitions of history: one a month.

-- Creates the partitions of history from this month to `months` ahead; returns how many.
create function logic.create_history_partitions(months int default 3) returns int language plpgsql as $$
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

-- Prunes history older than `months` (0 keeps all) by dropping whole partitions; returns how many. Each stream records up to
-- where its rows are gone, so that a client with an older cursor resyncs.
create function logic.prune_history(months int) returns int language plpgsql as $$
declare
    part record;
    pruned int := 0;
begin
    if months <= 0 then
        return 0;
    end if;
    for part in
        select c.relname as name from pg_inherits i join pg_class c on c.oid = i.inhrelid
         where i.inhparent = 'history'::regclass and c.relname ~ '^history_[0-9]{4}_[0-9]{2}$'
           and to_date(substr(c.relname, 9), 'YYYY_MM') < date_trunc('month', now() at time zone 'UTC') - make_interval(months => months)
         order by c.relname
    loop
        -- The chains end their pruned part with a hash, from which the rest is proved. The row is locked as logic.seal_history does.
        perform from history_sealing for update;
        execute format('select logic.seal_up_to(g.stream_id, g.last), logic.cut_chain(g.stream_id, g.last)
                          from (select stream_id, max(seq) as last from %I group by stream_id) g', part.name);
        -- What the rest of the history begins with.
        execute format('select logic.keep_history_base(g.workflow_id, g.last)
                          from (select h.workflow_id, max(h.seq) as last from %I h
                                 where h.stream_id like ''workflow:%%'' group by h.workflow_id) g
                          join streams s on s.stream_id = ''workflow:'' || g.workflow_id', part.name);
        execute format('update streams s set pruned_seq = greatest(s.pruned_seq, g.last)
                          from (select stream_id, max(seq) as last from %I group by stream_id) g where g.stream_id = s.stream_id', part.name);
        execute format('drop table %I', part.name);
        pruned := pruned + 1;
    end loop;
    return pruned;
end
$$;
