-- Hourly housekeeping of every server, and the record of a restore.

-- Creates and prunes partitions of history, and deletes what has expired: idempotency keys after a day, socket tickets
-- and dead relays after minutes, workers after a day, rotated secrets after their overlap, sign-ins and invitations after
-- 30 days.
create function logic.run_maintenance(history_months int) returns jsonb language plpgsql as $$
declare
    made int := logic.create_history_partitions();
    pruned int := logic.prune_history(history_months);
begin
    delete from idempotency_keys k where k.created_at < now() - interval '1 day';
    delete from ws_tickets t where t.expires_at < now() - interval '10 minutes';
    delete from relays r where r.seen_at < now() - interval '10 minutes';
    delete from invites i where i.expires_at < now() - interval '30 days';
    delete from job_workers w where w.seen_at < now() - interval '1 day';
    update webhooks w set previous_secret = null, previous_secret_expires_at = null where w.previous_secret_expires_at < now();
    delete from sessions s where coalesce(s.revoked_at, s.expires_at) < now() - interval '30 days';
    perform logic.queue_missing_embeddings(m.id) from embedding_models m where m.state in ('building', 'serving');
    return jsonb_build_object('partitions_made', made, 'partitions_pruned', pruned);
end
$$;

-- Records that the database was restored from a copy of its disk, which starts a new epoch.
create function logic.record_restore() returns text language plpgsql as $$
begin
    update settings set value = to_jsonb((value #>> '{}')::bigint + 1) where key = 'restores';
    return logic.epoch();
end
$$;
