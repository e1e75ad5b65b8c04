-- Retention of transcripts and of completed tickets. Each call does a part, so that no transaction takes long.

-- Removes the transcripts of jobs that ended more than `days` ago (0 keeps all), and leaves a message in each that says so. The
-- counts of messages by stage stay. Returns how many jobs.
create function logic.prune_transcripts(days int, max_jobs int default 100) returns int language plpgsql as $$
declare
    one jobs;
    removed bigint;
    pruned int := 0;
begin
    if days <= 0 then
        return 0;
    end if;
    for one in
        select j.* from jobs j
         where j.finished_at < now() - make_interval(days => days) and j.transcript_pruned_at is null
         order by j.id limit max_jobs for update skip locked
    loop
        perform set_config('callboard.pruning', 'on', true);
        delete from job_messages m where m.job_id = one.id;
        get diagnostics removed = row_count;
        perform set_config('callboard.pruning', '', true);
        if removed > 0 and one.deleted_at is null then
            insert into job_messages (job_id, workflow_id, kind, role, sender, level, content, stage, attempt)
            values (one.id, one.workflow_id, 'step', 'system', 'callboard', 'info',
                    format('The transcript (%s messages) was removed %s days after the job had ended.', removed, days),
                    one.stage, one.attempt);
        end if;
        update jobs j set transcript_pruned_at = now() where j.id = one.id;
        pruned := pruned + 1;
    end loop;
    return pruned;
end
$$;

-- Archives tickets that were completed and not changed for `days` (0 keeps all on the boards): they leave boards, lists and search
-- like deleted ones, reports still count them, and restoring brings them back. Returns how many.
create function logic.archive_completed_tickets(days int, max_tickets int default 200) returns int language plpgsql as $$
declare
    chosen text[];
    archived int;
begin
    if days <= 0 then
        return 0;
    end if;
    select array_agg(c.id), count(*) into chosen, archived
      from (select t.id from tickets t
             where t.is_resolved and t.deleted_at is null and t.merged_into_ticket_id is null
               and t.updated_at < now() - make_interval(days => days)
               and not exists (select from jobs j where j.ticket_id = t.id and j.finished_at is null and j.deleted_at is null)
             order by t.id limit max_tickets) c;
    if archived > 0 then
        perform logic.lock_workflow_streams(array(select distinct t.workflow_id from tickets t where t.id = any (chosen)));
        -- For this transaction.
        perform set_config('callboard.actor', 'system', true), set_config('callboard.on_behalf_of', '', true), set_config('callboard.archiving', 'on', true);
        update tickets t set deleted_at = clock_timestamp()
         where t.id = any (chosen) and t.is_resolved and t.deleted_at is null
           and t.updated_at < now() - make_interval(days => days);
        get diagnostics archived = row_count;
        perform set_config('callboard.archiving', '', true);
    end if;
    return archived;
end
$$;
