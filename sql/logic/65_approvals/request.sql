-- Approvals: asking people, deciding, taking back, running out. Asking never waits; whoever asked is told
-- by the stream, and a job that waits goes on.
-- Lock order: the job's row, the ticket's, the approval's, then the streams.

-- POST /api/approvals. About a job, a ticket or a whole workflow. `lease_token` is the worker's: one that has
-- lost its job parks nobody else's.
create function logic.request_approval(
    caller text, workflow text default null, ticket text default null, job text default null, kind text default null,
    question text default null, context text default null, options text[] default null, blocks_job boolean default null,
    expires_in_seconds bigint default null, lease_token text default null, idempotency_key text default null
) returns jsonb language plpgsql as $$
declare
    who logic.principal;
    held jobs;
    tid text;
    row tickets;
    answer jsonb;
begin
    kind := coalesce(kind, 'question');
    if job is not null then
        select * into held from jobs j where j.id = request_approval.job and j.deleted_at is null;
        perform logic.authorize(caller, held.workflow_id, 'member', 'job ' || job);
        if workflow <> held.workflow_id then
            perform logic.fail_invalid('workflow_id', 'must be the workflow of the job');
        end if;
        workflow := held.workflow_id;
        tid := held.ticket_id;
    end if;
    if ticket is not null then
        tid := logic.authorize_ticket(caller, ticket, 'member', workflow);
        workflow := coalesce(workflow, (select t.workflow_id from tickets t where t.id = tid));
        if workflow <> (select t.workflow_id from tickets t where t.id = tid) then
            perform logic.fail_invalid('ticket_id', 'must name a ticket of the same workflow');
        end if;
        if held.ticket_id <> tid then
            perform logic.fail_invalid('ticket_id', 'must name the ticket of the job');
        end if;
    end if;
    if workflow is null then
        perform logic.fail_invalid('workflow_id', 'or ticket_id or job_id must be given');
    end if;
    who := logic.authorize(caller, workflow, 'member');
    answer := logic.find_idempotent_response(who, idempotency_key, jsonb_build_array('ask', workflow, tid, job, kind, question, context, options,
        blocks_job, expires_in_seconds, who.acting_for));
    if answer is not null then
        return answer;
    end if;
    perform logic.require_unarchived_workflow(workflow);
    if kind not in ('question', 'review', 'clarification') then
        perform logic.fail_invalid('kind', 'must be one of question, review, clarification');
    end if;
    if kind <> 'question' and tid is null then
        perform logic.fail_invalid('ticket_id', format('must be given: a %s is about a ticket', kind));
    end if;
    question := logic.trim_whitespace(coalesce(question, ''));
    if char_length(question) not between 1 and 10000 then
        perform logic.fail_invalid('question', 'must have 1 to 10000 characters');
    end if;
    options := coalesce(logic.normalize_list(options), '{}');
    perform logic.check_list_limits('options', options, 50, 2000);
    if expires_in_seconds not between 1 and 31536000 then
        perform logic.fail_invalid('expires_in_seconds', 'must be between 1 and 31536000');
    end if;
    if kind = 'review' and expires_in_seconds is not null then
        perform logic.fail_invalid('expires_in_seconds', 'must not be given: a review waits until somebody has looked');
    end if;
    if job is null and coalesce(blocks_job, false) then
        perform logic.fail_invalid('job_id', 'must be given where blocks_job is true');
    end if;
    if job is not null then
        if lease_token is null then
            held := logic.authorize_job(caller, job, 'member', hold => true);
        else
            held := logic.authorize_lease(caller, job, lease_token);
        end if;
        if blocks_job and held.status not in ('queued', 'running', 'paused', 'waiting') then
            perform logic.fail('conflict', format('This job is %s; it cannot wait for an answer.', held.status), jsonb_build_object('status', held.status));
        end if;
    end if;
    if kind = 'review' then
        perform logic.require_open_workflow(workflow);
        row := logic.lock_ticket(tid);
        if row.approval_status = 'pending_review' then
            perform logic.fail('conflict', format('TKT-%s waits for review already.', row.number), jsonb_build_object('approval_id', (
                select a.id from approvals a where a.ticket_id = tid and a.kind = 'review' and a.status = 'pending')));
        end if;
    end if;
    answer := logic.insert_approval(who, workflow, tid, job, kind, question, context, options, blocks_job,
        clock_timestamp() + make_interval(secs => expires_in_seconds));
    if blocks_job and held.status in ('queued', 'running') then
        update jobs j set status = 'waiting' where j.id = job;
    end if;
    return logic.store_idempotent_response(who, idempotency_key, answer);
end
$$;

-- Writes a question; the one place that does. A review holds its ticket from now on.
create function logic.insert_approval(
    who logic.principal, workflow text, ticket text, job text, kind text, question text, context text default '',
    options text[] default '{}', blocks_job boolean default false, expires_at timestamptz default null,
    required boolean default false, comment_id text default null
) returns jsonb language plpgsql as $$
declare
    before text := (select t.approval_status from tickets t where t.id = ticket and kind = 'review' and not required);
    made approvals;
begin
    if kind = 'review' then
        update tickets t set approval_status = 'pending_review' where t.id = ticket and t.approval_status is distinct from 'pending_review';
    end if;
    insert into approvals (workflow_id, ticket_id, job_id, kind, question, context, options, blocks_job, required, expires_at,
                           asked_by, asked_through, comment_id, ticket_before)
    values (workflow, ticket, job, kind, question, coalesce(context, ''), options, coalesce(blocks_job, false), required, expires_at,
            logic.effective_actor_id(who), who.actor_id, comment_id, before)
    returning * into made;
    return logic.approval_json(made);
end
$$;
