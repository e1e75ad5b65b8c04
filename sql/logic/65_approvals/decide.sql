-- Deciding an approval.
-- Lock order: job row, ticket row, approval row, then the streams.

-- Rejects a decision that does not fit the approval or the caller; a requester cannot decide.
create function logic.check_decision(who logic.principal, asked approvals, decision text, answer text) returns void language plpgsql immutable as $$
begin
    if decision is null or decision not in ('approve', 'reject', 'answer') then
        perform logic.fail_invalid('decision', 'must be one of approve, reject, answer');
    end if;
    if logic.is_requester(who, asked) then
        perform logic.fail('forbidden', 'A requester cannot decide their own request; another person has to.');
    end if;
    if decision = 'answer' and asked.kind = 'review' then
        perform logic.fail('conflict', 'A review is approved or rejected, not answered.');
    end if;
    if decision = 'answer' and answer is null then
        perform logic.fail_invalid('answer', 'must not be empty');
    end if;
end
$$;

-- Rejects a decision about an approval that is decided, withdrawn or expired. The approval is locked.
create function logic.require_pending(asked approvals) returns void language plpgsql as $$
begin
    if asked.status <> 'pending' then
        perform logic.fail('conflict', case asked.status when 'expired' then 'This expired before it was decided.'
                when 'withdrawn' then 'This was withdrawn and needs no decision.'
                else format('This was %s already%s.', asked.status, coalesce(' by ' || (select a.name from actors a where a.id = asked.decided_by), '')) end,
            jsonb_build_object('status', asked.status, 'decided_by', asked.decided_by));
    end if;
    if asked.expires_at <= clock_timestamp() then
        perform logic.fail('conflict', 'This expired before it was decided.', '{"status": "expired"}');
    end if;
end
$$;

-- Decides an approval for a caller that is authorized to. Idempotent: the same decision again returns the same.
create function logic.decide_approval_for(
    who logic.principal, approval text, decision text, answer text default null, reason text default null, comment text default null
) returns jsonb language plpgsql as $$
declare
    asked approvals;
    outcome constant text := case decision when 'approve' then 'approved' when 'reject' then 'rejected' when 'answer' then 'answered' end;
begin
    select * into asked from approvals a where a.id = approval;
    answer := nullif(logic.trim_whitespace(answer), '');
    perform logic.check_decision(who, asked, decision, answer);
    asked := logic.lock_approval(asked.id);
    if asked.status = outcome and (answer is null or answer = asked.answer) then
        return logic.approval_json(asked);
    end if;
    perform logic.require_pending(asked);
    if asked.kind = 'review' then
        update tickets t set approval_status = outcome where t.id = asked.ticket_id;
    end if;
    update approvals a set status = outcome, answer = decide_approval_for.answer, reason = nullif(logic.trim_whitespace(decide_approval_for.reason), ''),
           decided_by = logic.effective_actor_id(who), decided_at = clock_timestamp()
     where a.id = asked.id returning * into asked;
    perform logic.add_decision_comment(who, asked, comment);
    perform logic.resume_waiting_job(asked);
    return logic.approval_json(asked);
end
$$;

-- POST /api/approvals/{id}/{approve,reject,answer}
create function logic.decide_approval(
    caller text, approval text, decision text, answer text default null, reason text default null, comment text default null
) returns jsonb language plpgsql as $$
declare
    workflow constant text := (select a.workflow_id from approvals a where a.id = approval);
begin
    return logic.decide_approval_for(logic.authorize_decision(caller, workflow, 'approval ' || approval), approval, decision, answer, reason, comment);
end
$$;

-- Comments a decision on its ticket: the comment that came with it, the answer to a clarification as a reply to its
-- question, the reason of a decided review. Writes nothing if the ticket cannot be commented.
create function logic.add_decision_comment(who logic.principal, decided approvals, comment text) returns void language plpgsql as $$
declare
    above text := (select c.id from ticket_comments c where c.id = decided.comment_id and c.ticket_id = decided.ticket_id and c.deleted_at is null);
    said text := concat_ws(E'\n\n', decided.answer, decided.reason);
begin
    if not exists (select from tickets t join workflows w on w.id = t.workflow_id
                    where t.id = decided.ticket_id and logic.is_live(t) and w.ticket_tracking) then
        return;
    end if;
    if decided.kind = 'clarification' and said <> '' then
        perform logic.insert_comment(who, decided.ticket_id, decided.workflow_id, said, 'clarification', parent => above, field => 'answer');
    elsif decided.kind = 'review' and decided.reason is not null then
        perform logic.insert_comment(who, decided.ticket_id, decided.workflow_id, format('%s: %s', initcap(decided.status), decided.reason), field => 'reason');
    end if;
    if nullif(logic.trim_whitespace(comment), '') is not null then
        perform logic.insert_comment(who, decided.ticket_id, decided.workflow_id, comment, field => 'comment');
    end if;
end
$$;

-- Resumes a job whose last blocking approval has been decided: with its worker if the lease holds, else from the
-- queue, and the attempt does not count. A job without a worker that is to be cancelled ends. The job's row is
-- locked.
create function logic.resume_waiting_job(decided approvals) returns void language plpgsql as $$
declare
    held jobs;
begin
    select * into held from jobs j where j.id = decided.job_id and j.status = 'waiting' and j.deleted_at is null;
    if held.id is null or not decided.blocks_job or exists (
        select from approvals a where a.job_id = decided.job_id and a.blocks_job and a.status = 'pending') then
        return;
    end if;
    if held.lease_expires_at <= clock_timestamp() then
        update jobs j set attempt = greatest(j.attempt - 1, 0) where j.id = held.id;
    end if;
    if held.cancel_requested_at is not null and not logic.has_live_lease(held) then
        perform logic.end_job(held, 'cancelled', 'Its cancellation was requested while it waited.');
    else
        perform logic.resume_locked_job(held);
    end if;
end
$$;
