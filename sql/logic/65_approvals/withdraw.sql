-- Withdrawing and expiring approvals.
-- Lock order: job row, ticket row, approval row, then the streams.

-- POST /api/approvals/{id}/withdraw: by its requester or an owner. A review that the board requires cannot be withdrawn.
create function logic.withdraw_approval(caller text, approval text, reason text default null) returns jsonb language plpgsql as $$
declare
    asked approvals;
    who logic.principal;
begin
    select * into asked from approvals a where a.id = approval;
    who := logic.authorize(caller, asked.workflow_id, 'member', 'approval ' || approval);
    perform logic.require_unarchived_workflow(asked.workflow_id);
    if not logic.is_requester(who, asked) and who.role <> 'owner' then
        perform logic.fail('forbidden', 'Only the requester or an owner of the workflow may withdraw this.');
    end if;
    if asked.required then
        perform logic.fail('conflict', 'The board requires this review; it can be decided, not withdrawn.');
    end if;
    asked := logic.lock_approval(asked.id);
    if asked.status = 'withdrawn' then
        return logic.approval_json(asked);
    end if;
    if asked.status <> 'pending' then
        perform logic.fail('conflict', format('This was %s already.', asked.status), jsonb_build_object('status', asked.status));
    end if;
    if asked.kind = 'review' then
        update tickets t set approval_status = asked.ticket_before where t.id = asked.ticket_id and t.approval_status = 'pending_review';
    end if;
    update approvals a set status = 'withdrawn', reason = nullif(logic.trim_whitespace(withdraw_approval.reason), ''),
           decided_by = logic.effective_actor_id(who), decided_at = clock_timestamp()
     where a.id = asked.id returning * into asked;
    perform logic.resume_waiting_job(asked);
    return logic.approval_json(asked);
end
$$;

-- Approvals whose time is over. A review never expires: its ticket would stay blocked.
create view logic.overdue_approvals as
select a.id, a.expires_at from approvals a where a.status = 'pending' and a.expires_at <= now() and a.kind <> 'review';

-- Expires due approvals, at most `max_rows`, by the database clock; returns how many. One server at a time does it.
create function logic.expire_approvals(max_rows int default 100) returns bigint language plpgsql as $$
declare
    due text[];
    ended approvals;
    n bigint := 0;
begin
    if not exists (select from logic.overdue_approvals)
       or not pg_try_advisory_xact_lock(logic.lock_key('approvals')) then
        return 0;
    end if;
    due := array(select a.id from logic.overdue_approvals a order by a.expires_at limit max_rows);
    perform set_config('callboard.actor', 'system', true), set_config('callboard.on_behalf_of', '', true);
    perform 1 from jobs j where j.id in (select a.job_id from approvals a where a.id = any (due)) order by j.id for no key update;
    for ended in
        update approvals a set status = 'expired' where a.id = any (due) and a.status = 'pending' and a.expires_at <= now() returning *
    loop
        n := n + 1;
        perform logic.resume_waiting_job(ended);
    end loop;
    return n;
end
$$;
