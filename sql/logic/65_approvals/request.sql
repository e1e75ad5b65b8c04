-- Requesting an approval. A request never blocks: the answer arrives as an event, and a job that waits for it
-- resumes then.
-- Lock order: job row, ticket row, approval row, then the streams.

-- What an approval is about, and the caller that was checked.
create type logic.approval_subject as (who logic.principal, workflow_id text, ticket_id text, job jobs);

-- Authorizes a request about a job, a ticket or a whole workflow; what is given must belong together.
create function logic.authorize_approval_subject(caller text, workflow text, ticket text, job text) returns logic.approval_subject
language plpgsql as $$
declare
    who logic.principal := logic.identify_caller(caller);
    about_job jobs;
    about_ticket logic.ticket_access;
begin
    if job is not null then
        about_job := (logic.authorize_job_for(who, job, 'member')).job;
        if workflow <> about_job.workflow_id then
            perform logic.fail_invalid('workflow_id', 'must be the workflow of the job');
        end if;
        workflow := about_job.workflow_id;
        about_ticket.ticket_id := about_job.ticket_id;
    end if;
    if ticket is not null then
        about_ticket := logic.authorize_ticket_for(who, ticket, 'member', workflow);
        workflow := coalesce(workflow, about_ticket.workflow_id);
        if workflow <> about_ticket.workflow_id then
            perform logic.fail_invalid('ticket_id', 'must name a ticket of the same workflow');
        end if;
        if about_job.ticket_id <> about_ticket.ticket_id then
            perform logic.fail_invalid('ticket_id', 'must name the ticket of the job');
        end if;
    end if;
    if workflow is null then
        perform logic.fail_invalid('workflow_id', 'or ticket_id or job_id must be given');
    end if;
    who := logic.authorize_principal(who, workflow, 'member');
    return (who, workflow, about_ticket.ticket_id, about_job)::logic.approval_subject;
end
$$;

-- Rejects the fields of an approval request that break a rule.
create function logic.check_approval_request(
    kind text, question text, options text[], ticket text, job text, blocks_job boolean, expires_in_seconds bigint
) returns void language plpgsql immutable as $$
begin
    if kind not in ('question', 'review', 'clarification') then
        perform logic.fail_invalid('kind', 'must be one of question, review, clarification');
    end if;
    if kind <> 'question' and ticket is null then
        perform logic.fail_invalid('ticket_id', format('must be given: a %s is about a ticket', kind));
    end if;
    if char_length(question) not between 1 and 10000 then
        perform logic.fail_invalid('question', 'must have 1 to 10000 characters');
    end if;
    perform logic.check_list_limits('options', options, 50, 2000);
    if expires_in_seconds not between 1 and 31536000 then
        perform logic.fail_invalid('expires_in_seconds', 'must be between 1 and 31536000');
    end if;
    if kind = 'review' and expires_in_seconds is not null then
        perform logic.fail_invalid('expires_in_seconds', 'must not be given: a review does not expire');
    end if;
    if job is null and coalesce(blocks_job, false) then
        perform logic.fail_invalid('job_id', 'must be given where blocks_job is true');
    end if;
end
$$;

-- The checks that a requester reports, with all their members: [{name, status, details, url}].
create function logic.normalize_reported_checks(checks jsonb) returns jsonb language plpgsql immutable as $$
declare
    fault record;
begin
    if checks is null then
        return '[]';
    elsif jsonb_typeof(checks) <> 'array' or jsonb_array_length(checks) > 50 then
        perform logic.fail_invalid('checks', 'must be a list of at most 50 checks');
    end if;
    select f.field, f.rule, c.place - 1 as at into fault
      from jsonb_array_elements(checks) with ordinality c (reported, place)
     cross join lateral (values
        (1, 'name', 'must have 1 to 200 characters', char_length(logic.trim_whitespace(c.reported ->> 'name')) between 1 and 200),
        (2, 'status', 'must be one of passed, failed, running, skipped', c.reported ->> 'status' in ('passed', 'failed', 'running', 'skipped')),
        (3, 'details', 'must have at most 5000 characters', char_length(coalesce(c.reported ->> 'details', '')) <= 5000),
        (4, 'url', 'must be an http or https address of at most 2000 characters',
            coalesce(c.reported ->> 'url' ~ '^https?://[^[:space:][:cntrl:]]+$' and char_length(c.reported ->> 'url') <= 2000,
                     c.reported ->> 'url' is null))
     ) f (number, field, rule, holds)
     where not coalesce(f.holds, false)
     order by c.place, f.number limit 1;
    if found then
        perform logic.fail_invalid(format('checks[%s].%s', fault.at, fault.field), fault.rule);
    end if;
    return (
        select coalesce(jsonb_agg(jsonb_build_object('name', logic.trim_whitespace(c.reported ->> 'name'), 'status', c.reported ->> 'status',
                   'details', coalesce(c.reported ->> 'details', ''), 'url', c.reported ->> 'url') order by c.place), '[]')
          from jsonb_array_elements(checks) with ordinality c (reported, place));
end
$$;

-- Locks the job that a request is about; checks the worker's lease, if a token is given, and that the job can wait.
create function logic.lock_asking_job(who logic.principal, job text, lease_token text, blocks_job boolean) returns jobs language plpgsql as $$
declare
    held constant jobs := (logic.authorize_job_for(who, job, 'member', lock_row => true)).job;
begin
    if lease_token is not null then
        perform logic.require_lease(held, lease_token);
    end if;
    if blocks_job and held.status not in ('queued', 'running', 'paused', 'waiting') then
        perform logic.fail('conflict', format('This job is %s; it cannot wait for an answer.', held.status), jsonb_build_object('status', held.status));
    end if;
    return held;
end
$$;

-- Locks the ticket that a review is requested for; one review at a time.
create function logic.lock_ticket_for_review(workflow text, ticket text) returns void language plpgsql as $$
declare
    row tickets;
begin
    perform logic.require_open_workflow(workflow);
    row := logic.lock_ticket(ticket);
    if row.approval_status = 'pending_review' then
        perform logic.fail('conflict', format('TKT-%s waits for review already.', row.number), jsonb_build_object('approval_id', (
            select a.id from approvals a where a.ticket_id = row.id and a.kind = 'review' and a.status = 'pending')));
    end if;
end
$$;

-- POST /api/approvals, about a job, a ticket or a whole workflow. A worker passes its `lease_token`, so that a
-- stale worker cannot make the job wait.
create function logic.request_approval(
    caller text, workflow text default null, ticket text default null, job text default null, kind text default null,
    question text default null, context text default null, options text[] default null, blocks_job boolean default null,
    expires_in_seconds bigint default null, lease_token text default null, checks jsonb default null
) returns jsonb language plpgsql as $$
declare
    subject constant logic.approval_subject := logic.authorize_approval_subject(caller, workflow, ticket, job);
    who constant logic.principal := subject.who;
    held jobs;
    answer jsonb;
begin
    kind := coalesce(kind, 'question');
    perform logic.require_unarchived_workflow(subject.workflow_id);
    question := logic.trim_whitespace(coalesce(question, ''));
    options := coalesce(logic.normalize_list(options), '{}');
    perform logic.check_approval_request(kind, question, options, subject.ticket_id, job, blocks_job, expires_in_seconds);
    checks := logic.normalize_reported_checks(checks);
    if job is not null then
        held := logic.lock_asking_job(who, job, lease_token, blocks_job);
    end if;
    if kind = 'review' then
        perform logic.lock_ticket_for_review(subject.workflow_id, subject.ticket_id);
    end if;
    answer := logic.insert_approval(who, subject.workflow_id, subject.ticket_id, job, kind, question, context, options, blocks_job,
        clock_timestamp() + make_interval(secs => expires_in_seconds), checks => checks);
    if blocks_job and held.status in ('queued', 'running') then
        update jobs j set status = 'waiting' where j.id = held.id;
    end if;
    return answer;
end
$$;

-- Writes an approval; requests write approvals only through this function. A review keeps its ticket where it is.
create function logic.insert_approval(
    who logic.principal, workflow text, ticket text, job text, kind text, question text, context text default '',
    options text[] default '{}', blocks_job boolean default false, expires_at timestamptz default null,
    required boolean default false, comment_id text default null, checks jsonb default '[]'
) returns jsonb language plpgsql as $$
declare
    before text := (select t.approval_status from tickets t where t.id = ticket and kind = 'review' and not required);
    made approvals;
begin
    if kind = 'review' then
        update tickets t set approval_status = 'pending_review' where t.id = ticket and t.approval_status is distinct from 'pending_review';
    end if;
    insert into approvals (workflow_id, ticket_id, job_id, kind, question, context, options, blocks_job, required, expires_at,
                           asked_by, asked_through, comment_id, ticket_before, checks)
    values (workflow, ticket, job, kind, question, coalesce(context, ''), options, coalesce(blocks_job, false), required, expires_at,
            logic.effective_actor_id(who), who.actor_id, comment_id, before, checks)
    returning * into made;
    return logic.approval_json(made);
end
$$;
