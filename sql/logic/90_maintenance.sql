-- What a server does every hour: partitions ahead, old keys and tickets away, history by retention.

-- Prunes history older than `months` (0 keeps all) by dropping whole partitions, and notes in each
-- stream up to where its rows are gone, so that a client that resumes from there is told to start anew.
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
        execute format('update streams s set pruned_seq = greatest(s.pruned_seq, g.last)
                          from (select stream_id, max(seq) as last from %I group by stream_id) g where g.stream_id = s.stream_id', part.name);
        execute format('drop table %I', part.name);
        pruned := pruned + 1;
    end loop;
    return pruned;
end
$$;

-- Idempotency keys are kept for a day, tickets of sockets and dead relays for minutes, revoked or
-- expired sign-ins for 30 days.
create function logic.maintain(history_months int) returns jsonb language plpgsql as $$
declare
    made int := logic.make_history_partitions();
    pruned int := logic.prune_history(history_months);
begin
    delete from idempotency_keys k where k.created_at < now() - interval '1 day';
    delete from ws_tickets t where t.expires_at < now() - interval '10 minutes';
    delete from relays r where r.seen_at < now() - interval '10 minutes';
    delete from invites i where i.expires_at < now() - interval '30 days';
    delete from sessions s where coalesce(s.revoked_at, s.expires_at) < now() - interval '30 days';
    perform logic.queue_missing_embeddings(m.id) from embedding_models m where m.state in ('building', 'serving');
    return jsonb_build_object('partitions_made', made, 'partitions_pruned', pruned);
end
$$;

-- After a restore of the same disk: old cursors must not be trusted.
create function logic.note_restore() returns text language plpgsql as $$
begin
    update settings set value = to_jsonb((value #>> '{}')::bigint + 1) where key = 'restores';
    return logic.epoch();
end
$$;
