-- How jobs end: completion, failure and cancellation.

-- Ends a job whose row is locked: the lease and a pending cancellation are cleared, and a failure moves the ticket
-- to the column `errored` if the board has one.
create function logic.end_job(job jobs, status text, reason text default null, answer jsonb default null) returns void language plpgsql as $$
begin
    if status = 'failed' then
        update tickets t set status = 'errored', rank = logic.rank_at_end(t.number)
         where t.id = job.ticket_id and logic.is_live(t) and t.status <> 'errored' and not t.is_resolved
           and exists (select from board_columns c where c.workflow_id = t.workflow_id and c.id = 'errored');
    end if;
    update jobs j set status = end_job.status, lease_expires_at = null, end_answer = answer,
        error = case when end_job.status = 'succeeded' then null else left(coalesce(reason, j.error), 20000) end,
        progress = case when end_job.status = 'succeeded' then 100 else j.progress end
     where j.id = job.id;
end
$$;

-- Links the commit of a finished job to its ticket and to the tickets that its message refers to. Links that fail
-- are noted in the transcript; the job completes anyway.
create function logic.link_job_commit(who logic.principal, job jobs, ticket text, commit jsonb) returns void language plpgsql as $$
declare
    message text := left(coalesce(commit ->> 'message', ''), 20000);
begin
    if ticket is not null then
        perform logic.insert_commit(who, ticket, job.workflow_id, commit ->> 'sha',
            commit || jsonb_build_object('message', message), 'job');
    end if;
    if cardinality(logic.commit_references(message)) > 0 then
        begin
            perform logic.link_commits_in_workflow(who, jsonb_build_array(commit || jsonb_build_object('message', message)), job.workflow_id);
        exception when others then
            if not logic.is_error(sqlstate) then
                raise;
            end if;
            perform logic.append_transcript(job, 'The tickets that the commit names were not linked: ' || sqlerrm, 'warning');
        end;
    end if;
end
$$;

-- Whether the work of a job still has to be merged: its board has the column `ready-to-merge`, and the job does not enter it.
create function logic.awaits_merge(job jobs) returns boolean language sql stable
begin atomic
    select not 'ready-to-merge' = any (job.stages) and exists (
        select from board_columns c where c.workflow_id = job.workflow_id and c.id = 'ready-to-merge' and c.category <> 'done');
end;

-- POST /api/jobs/{id}/complete: success. Links the commit, resolves the ticket, releases what it blocked, and ends
-- the job. A ticket whose work still has to be merged moves to that column instead. A retry with the same token gets the same
-- answer.
create function logic.complete_job(
    caller text, job text, token text, result jsonb default null, commit_sha text default null, commit_message text default null,
    resolution_comment text default null, app jsonb default null, git jsonb default null
) returns jsonb language plpgsql as $$
declare
    access constant logic.job_access := logic.authorize_job(caller, job, 'member', lock_row => true);
    held constant jobs := access.job;
    ticket tickets;
    done jsonb := '{}';
    moved jsonb;
    notice text;
    answer jsonb;
begin
    if held.status = 'succeeded' and held.lease_token = token then
        return held.end_answer || jsonb_build_object('success', true, 'job', logic.job_json(held));
    end if;
    perform logic.require_lease(held, token);
    if octet_length(result::text) > 262144 or jsonb_typeof(result) <> 'object' then
        perform logic.fail_invalid('result', 'must be an object of at most 256 KiB');
    end if;
    if app is not null then
        perform logic.upsert_app(access.who, held, app ->> 'title', app -> 'spec', app ->> 'prd_markdown');
    end if;
    if (result, lower(commit_sha)) is distinct from (held.result, held.commit_sha) then
        update jobs j set result = complete_job.result, commit_sha = lower(complete_job.commit_sha) where j.id = held.id;
    end if;
    select t.* into ticket from tickets t where t.id = held.ticket_id and logic.is_live(t);
    if commit_sha is not null then
        perform logic.link_job_commit(access.who, held, ticket.id, coalesce(git, '{}')
            || jsonb_build_object('sha', coalesce(git ->> 'sha', logic.trim_whitespace(commit_sha)))
            || case when commit_message is null then '{}' else jsonb_build_object('message', commit_message) end);
    end if;
    if ticket.id is not null then
        begin
            if ticket.is_resolved or not logic.awaits_merge(held) then
                done := logic.resolve_ticket(caller, ticket.id,
                    coalesce(nullif(logic.trim_whitespace(resolution_comment), ''), format('Done by the job "%s".', held.title)));
            elsif ticket.status <> 'ready-to-merge' then
                moved := logic.change_status(caller, ticket.id, 'ready-to-merge',
                    coalesce(nullif(logic.trim_whitespace(resolution_comment), ''), format('Done by the job "%s".', held.title)));
                notice := case when not (moved ->> 'success')::boolean then moved ->> 'message' end;
            end if;
        exception when others then
            -- The job succeeds even if the board's rules keep the ticket open.
            if not logic.is_error(sqlstate) or logic.is_error(sqlstate, 'invalid') then
                raise;
            end if;
            notice := sqlerrm;
        end;
    end if;
    if notice is not null then
        perform logic.append_transcript(held, format('TKT-%s was not resolved: %s', ticket.number, notice), 'warning');
    end if;
    answer := jsonb_build_object('ticket_resolved', done ? 'status', 'unblocked_tickets', coalesce(done -> 'unblocked_tickets', '[]'), 'notice', notice);
    perform logic.end_job(held, 'succeeded', answer => answer);
    return answer || jsonb_build_object('success', true, 'job', (select logic.job_json(j) from jobs j where j.id = held.id));
end
$$;

-- POST /api/jobs/{id}/fail: back to the queue after a backoff while attempts are left, unless the worker rules out a
-- retry. A retry of this request with the same token gets the same answer.
create function logic.fail_job(caller text, job text, token text, error text, retry boolean default true) returns jsonb language plpgsql as $$
declare
    held jobs := (logic.authorize_job(caller, job, 'member', lock_row => true)).job;
    again boolean;
    answer jsonb;
begin
    if held.lease_token = token and held.end_answer ? 'will_retry' and held.status in ('failed', 'queued') then
        return held.end_answer || jsonb_build_object('success', true, 'job', logic.job_json(held));
    end if;
    perform logic.require_lease(held, token);
    if logic.is_blank(error) then
        perform logic.fail_invalid('error', 'must say what went wrong');
    end if;
    again := coalesce(retry, true) and held.attempt < held.max_attempts and held.cancel_requested_at is null;
    if again then
        update jobs j set status = 'queued', lease_expires_at = null, error = left(fail_job.error, 20000),
            not_before = clock_timestamp() + logic.retry_backoff(j.attempt)
         where j.id = held.id returning jsonb_build_object('will_retry', true, 'retry_at', j.not_before) into answer;
        update jobs j set end_answer = answer where j.id = held.id;
    else
        answer := jsonb_build_object('will_retry', false, 'retry_at', null);
        perform logic.end_job(held, case when held.cancel_requested_at is null then 'failed' else 'cancelled' end, error, answer);
    end if;
    return answer || jsonb_build_object('success', true, 'job', (select logic.job_json(j) from jobs j where j.id = held.id));
end
$$;

-- POST /api/jobs/{id}/cancelled: the worker has stopped as requested.
create function logic.confirm_job_cancel(caller text, job text, token text) returns jsonb language plpgsql as $$
declare
    held jobs := (logic.authorize_job(caller, job, 'member', lock_row => true)).job;
begin
    if not (held.status = 'cancelled' and held.lease_token = token) then
        perform logic.require_lease(held, token);
        if held.cancel_requested_at is null then
            perform logic.fail('conflict', 'No cancellation was requested for this job; complete, fail or release it.');
        end if;
        perform logic.end_job(held, 'cancelled');
    end if;
    return jsonb_build_object('success', true, 'job', (select logic.job_json(j) from jobs j where j.id = held.id));
end
$$;
