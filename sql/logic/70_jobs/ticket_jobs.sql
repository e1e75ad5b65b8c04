-- What happens to the jobs of a ticket that is resolved.

-- Cancels the queued jobs of resolved tickets; called by the trigger of tickets. Jobs that a claim has locked are skipped,
-- because job rows are locked before ticket rows: such a job runs, but its ticket stays resolved
-- (logic.move_job_ticket). Jobs are found by the index by ticket, also before there are statistics: the
-- queue's index, for which the condition is no match, and the table are full of old versions while a snapshot is held open.
create function logic.cancel_queued_jobs(tickets text[]) returns void language plpgsql set enable_seqscan = off as $$
declare
    queued jobs;
begin
    -- Most tickets have none, and looking costs less than locking.
    if not exists (select from jobs j where j.ticket_id = any (cancel_queued_jobs.tickets) and case j.status when 'queued' then j.deleted_at is null else false end) then
        return;
    end if;
    for queued in
        select j.* from jobs j
         where j.ticket_id = any (cancel_queued_jobs.tickets) and case j.status when 'queued' then j.deleted_at is null else false end
         order by j.id for no key update skip locked
    loop
        perform logic.end_job(queued, 'cancelled', 'Its ticket was resolved.');
    end loop;
end
$$;

-- Before a ticket is resolved on request, and before its row is locked: cancels its queued jobs (`queued`), asks running ones
-- to stop too (`all`), or leaves them (`none`). Returns the ids of the jobs that were cancelled or asked.
create function logic.cancel_jobs_of_ticket(caller text, ticket text, which text) returns text[] language plpgsql set enable_seqscan = off as $$
declare
    one text;
    done text[] := '{}';
begin
    if coalesce(which, 'queued') not in ('queued', 'all', 'none') then
        perform logic.fail_invalid('cancel_jobs', 'must be one of queued, all, none');
    end if;
    perform set_config('callboard.cancel_jobs', coalesce(which, 'queued'), true);
    if which = 'none' then
        return done;
    end if;
    for one in
        select j.id from jobs j
         where j.ticket_id = cancel_jobs_of_ticket.ticket and j.deleted_at is null and j.finished_at is null
           and (j.status = 'queued' or which = 'all')
         order by j.id for no key update
    loop
        perform logic.cancel_job(caller, one, 'Its ticket was resolved.');
        done := done || one;
    end loop;
    return done;
end
$$;
