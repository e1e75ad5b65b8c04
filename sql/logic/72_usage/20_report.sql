-- Reporting usage. The row of the job or ticket is locked, so reports of one job are counted one after the other.

-- The number of a job's newest claim by its history, for claims from before they were recorded.
create function logic.count_recorded_claims(job text) returns bigint language sql stable
begin atomic
    select count(*) from history h
     where h.stream_id = 'job:' || count_recorded_claims.job and h.change_type = 'job_status' and h.new_value = 'running'
       and coalesce(h.old_value, '') not in ('paused', 'waiting');
end;

-- The number of a job's next claim. `job` is its row from before the claim.
create function logic.next_attempt_number(job jobs) returns bigint language sql stable
begin atomic
    select 1 + coalesce((select max(c.attempt) from job_claims c where c.job_id = (job).id),
                        case when (job).started_at is not null then logic.count_recorded_claims((job).id) end, 0);
end;

-- The claim that a report belongs to: that of the lease token, however long ago the lease was lost, else the newest one. All
-- fields are null for a job that was never claimed. The job's row is locked.
create function logic.claim_of_usage(job jobs, token text) returns job_claims language plpgsql as $$
declare
    found_claim job_claims;
begin
    select * into found_claim from job_claims c
     where c.job_id = job.id and (token is null or c.lease_token = token) order by c.attempt desc limit 1;
    if found_claim.job_id is null and job.lease_token is not null and coalesce(token, job.lease_token) = job.lease_token then
        -- Claimed before claims were recorded.
        insert into job_claims (job_id, attempt, workflow_id, agent_id, worker, lease_token, claimed_at)
        values (job.id, greatest(logic.count_recorded_claims(job.id), 1), job.workflow_id, job.claimed_by, job.worker, job.lease_token,
                coalesce(job.started_at, clock_timestamp()))
        on conflict do nothing returning * into found_claim;
    end if;
    if found_claim.job_id is null and token is not null then
        perform logic.fail_invalid('lease_token', 'must be the token of a claim of this job');
    end if;
    return found_claim;
end
$$;

-- The job, its row locked, for a member of its workflow. A deleted one only for the worker that held it last: what it spent
-- before it heard of the deletion is spent.
create function logic.authorize_usage_of_job(caller text, job text, token text) returns logic.job_access language plpgsql as $$
declare
    who logic.principal := logic.identify_caller(caller);
    found_job jobs;
begin
    select * into found_job from jobs j where j.id = job and (j.deleted_at is null or j.lease_token = token);
    who := logic.authorize_principal(who, found_job.workflow_id, 'member', 'job ' || coalesce(job, ''));
    select * into found_job from jobs j where j.id = job for no key update;
    if found_job.id is null then
        perform logic.fail('not_found', format('There is no job %s.', job));
    end if;
    return (who, found_job)::logic.job_access;
end
$$;

-- A report as it was given, for comparing it with a repeated one. `report` is its row.
create function logic.given_usage_json(report usage_reports) returns jsonb language sql immutable
begin atomic
    select jsonb_strip_nulls(jsonb_build_object('model', (report).model, 'input_tokens', (report).input_tokens, 'output_tokens', (report).output_tokens,
        'cache_read_tokens', (report).cache_read_tokens, 'cache_write_tokens', (report).cache_write_tokens,
        'cost', (report).cost, 'currency', (report).currency, 'session', (report).session) || coalesce((report).totals, '{}'));
end;

-- A report with the same name: true if it is the same report, which is counted already. Another one is refused.
create function logic.is_repeated_usage(subject text, input logic.usage_input) returns boolean language plpgsql stable as $$
declare
    earlier usage_reports;
    given constant jsonb := to_jsonb(input) - '{report_id,cumulative}'::text[];
begin
    select * into earlier from usage_reports r where coalesce(r.job_id, r.ticket_id) = subject and r.report_id = input.report_id;
    if earlier.id is null then
        return false;
    elsif jsonb_strip_nulls(given) <> logic.given_usage_json(earlier) then
        perform logic.fail('conflict', format('The report %s was made with other numbers; give each report a report_id of its own.', input.report_id),
            jsonb_build_object('field', 'report_id', 'rule', 'must not be that of another report', 'reported', logic.given_usage_json(earlier)));
    end if;
    return true;
end
$$;

-- Rejects a report beyond the most that an attempt or a ticket takes.
create function logic.require_room_for_usage(job text, attempt bigint, ticket text) returns void language plpgsql stable as $$
declare
    most constant bigint := logic.max_usage_reports(job is not null);
    found_reports bigint;
begin
    if job is not null then
        select count(*) into found_reports from (
            select from usage_reports r
             where r.job_id = require_room_for_usage.job and r.attempt is not distinct from require_room_for_usage.attempt limit most) r;
    else
        select count(*) into found_reports from (
            select from usage_reports r where r.ticket_id = require_room_for_usage.ticket and r.job_id is null limit most) r;
    end if;
    if found_reports >= most then
        perform logic.fail('conflict', format('%s takes %s reports of usage at most; report sums, less often.',
            case when job is null then 'A ticket' else 'An attempt of a job' end, most), jsonb_build_object('max_reports', most));
    end if;
end
$$;

-- Counts a checked report; returns its id, or null for one that adds nothing. The row of the job or ticket is locked.
create function logic.insert_usage(
    who logic.principal, workflow text, ticket text, claim job_claims, job text, input logic.usage_input, source text
) returns text language plpgsql as $$
declare
    subject constant text := coalesce(job, ticket);
    counted logic.usage_input := input;
    added record;
    reporter constant text := logic.effective_actor_id(who);
    made text;
begin
    if input.report_id is not null and logic.is_repeated_usage(subject, input) then
        return null;
    end if;
    if input.cumulative <> 'none' then
        added := logic.add_session_usage(subject, workflow, input);
        if not added.is_new then
            return null;
        end if;
        counted := added.input;
    end if;
    perform logic.require_room_for_usage(job, claim.attempt, ticket);
    insert into usage_reports (id, workflow_id, ticket_id, job_id, attempt, agent_id, reported_by, model, input_tokens, output_tokens,
                               cache_read_tokens, cache_write_tokens, cost, currency, source, report_id, session, totals)
    values (logic.new_id('usage'), workflow, ticket, job, claim.attempt, coalesce(claim.agent_id, reporter), reporter, counted.model,
            counted.input_tokens, counted.output_tokens, counted.cache_read_tokens, counted.cache_write_tokens, counted.cost, counted.currency,
            insert_usage.source, counted.report_id, counted.session,
            case input.cumulative
                when 'all' then jsonb_strip_nulls(to_jsonb(input) - '{model,session,report_id,cumulative,currency}'::text[])
                when 'cost' then jsonb_strip_nulls(jsonb_build_object('cost', input.cost)) end)
    returning id into made;
    return made;
end
$$;

-- POST /api/jobs/{id}/usage and /api/tickets/{id}/usage: what a model used for a job, or for a ticket without a job. Members
-- report, and workers for every attempt that they held, also after they have lost the lease. The same report_id is counted once.
create function logic.report_usage(
    caller text, report jsonb, job text default null, ticket text default null, token text default null, source text default 'api',
    workflow text default null
) returns jsonb language plpgsql as $$
declare
    job_found logic.job_access;
    ticket_found logic.ticket_access;
    claim job_claims;
    input logic.usage_input;
    made text;
begin
    if num_nonnulls(job, ticket) <> 1 then
        perform logic.fail_invalid('job_id', 'or ticket_id must be given, one of the two');
    end if;
    if job is not null then
        job_found := logic.authorize_usage_of_job(caller, job, token);
        input := logic.read_usage(report);
        claim := logic.claim_of_usage(job_found.job, token);
        if token is null then
            -- Not the worker: its own usage.
            claim.agent_id := null;
        end if;
        made := logic.insert_usage(job_found.who, (job_found.job).workflow_id, (job_found.job).ticket_id, claim, job, input, source);
    else
        ticket_found := logic.authorize_ticket(caller, ticket, 'member', workflow);
        input := logic.read_usage(report);
        if token is not null then
            perform logic.fail_invalid('lease_token', 'belongs to a job; report it for the job');
        end if;
        perform logic.lock_ticket(ticket_found.ticket_id);
        made := logic.insert_usage(ticket_found.who, ticket_found.workflow_id, ticket_found.ticket_id, null, null, input, source);
    end if;
    return jsonb_build_object('success', true, 'usage_id', made, 'counted', made is not null, 'job_id', job,
        'ticket_id', case when job is null then ticket_found.ticket_id else (job_found.job).ticket_id end, 'attempt', claim.attempt,
        'usage', case when job is null then logic.ticket_usage_json(ticket_found.ticket_id) else logic.job_usage_json(job) end);
end
$$;
