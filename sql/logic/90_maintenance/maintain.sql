-- Hourly housekeeping of every server, and the record of a restore.

-- Creates and prunes partitions of history, and deletes what has expired: idempotency keys after a day, socket tickets
-- and dead relays after minutes, workers after a day, rotated secrets after their overlap, subscriptions of MCP sessions
-- after a week, archives whose import was left too, sign-ins, invitations, links that set passwords and findings that ended
-- after 30 days, what Home no longer shows after 40, security events after `security_event_days`.
-- Transcripts and completed tickets have functions of their own, which do a part at a time.
create function logic.run_maintenance(history_months int, security_event_days int default 0) returns jsonb language plpgsql as $$
declare
    made int := logic.create_history_partitions();
    pruned int := logic.prune_history(history_months);
begin
    delete from idempotency_keys k where k.created_at < now() - interval '1 day';
    delete from ws_tickets t where t.expires_at < now() - interval '10 minutes';
    delete from relays r where r.seen_at < now() - interval '10 minutes';
    delete from mcp_subscriptions m where m.used_at < now() - interval '7 days';
    delete from invites i where i.expires_at < now() - interval '30 days';
    delete from password_resets r where r.expires_at < now() - interval '30 days';
    delete from membership_invitations i where i.expires_at < now() - interval '30 days';
    delete from job_workers w where w.seen_at < now() - interval '1 day';
    update webhooks w set previous_secret = null, previous_secret_expires_at = null where w.previous_secret_expires_at < now();
    delete from sessions s where coalesce(s.revoked_at, s.expires_at) < now() - interval '30 days';
    perform logic.prune_findings();
    perform logic.prune_home();
    perform logic.prune_archive_imports();
    perform logic.summarize_repeated_events();
    perform logic.prune_security_events(security_event_days);
    perform logic.refresh_all_reporting(5);
    perform logic.queue_missing_embeddings(m.id) from embedding_models m where m.state in ('building', 'serving');
    return jsonb_build_object('partitions_made', made, 'partitions_pruned', pruned);
end
$$;

-- Records a start on a data directory. `found_mark` is the mark of the last start that is in the directory, `left_mark`
-- that of this one. If the database knows another mark, it or the directory is a copy: a new epoch starts, and the
-- result is true.
create function logic.record_start(found_mark text, left_mark text) returns boolean language plpgsql as $$
declare
    known text;
    is_copy boolean;
begin
    select s.value #>> '{}' into known from settings s where s.key = 'data_directory' for update;
    is_copy := nullif(known, '') is distinct from found_mark;
    if is_copy then
        perform logic.record_restore();
    end if;
    insert into settings as s (key, value) values ('data_directory', to_jsonb(coalesce(left_mark, '')))
    on conflict (key) do update set value = excluded.value;
    return is_copy;
end
$$;

-- Records that the database was restored from a copy of its disk, which starts a new epoch. The number is the time in
-- milliseconds, so that two restores of one copy differ too.
create function logic.record_restore() returns text language plpgsql as $$
begin
    update settings
       set value = to_jsonb(greatest((value #>> '{}')::bigint + 1, floor(extract(epoch from clock_timestamp()) * 1000)::bigint))
     where key = 'restores';
    return logic.epoch();
end
$$;
