-- Approvals: asking people, deciding, taking back, running out. Asking never waits; whoever asked is told
-- by the stream, and a job that waits goes on.
-- Lock order: the job's row, the ticket's, the approval's, then the streams.

-- Whether a person or program may decide: a member of the workflow, and where a key is used, one with the
-- scope approve. To a stranger the subject looks absent.
create function logic.authorize_decision(caller text, workflow text, subject text) returns logic.principal language plpgsql as $$
declare
    who logic.principal := logic.authorize(caller, workflow, 'viewer', subject);
begin
    perform logic.require_scope(who, 'approve');
    if who.role = 'viewer' then
        perform logic.fail('CB403', 'This needs the role member in the workflow; yours is viewer.',
            jsonb_build_object('role', who.role, 'required', 'member'));
    end if;
    perform logic.require_unarchived(workflow);
    perform logic.act(who);
    return who;
end
$$;

-- Whether somebody asked this, in whatever name.
create function logic.is_asker(who logic.principal, approval approvals) returns boolean language sql immutable
begin atomic
    select coalesce(array[(who).actor_id, logic.acting(who)] && array_remove(array[approval.asked_by, approval.asked_through], null), false);
end;

-- Holds an approval and what hangs on it; answers it as it is then.
create function logic.hold_approval(approval text) returns approvals language plpgsql as $$
declare
    row approvals;
begin
    select * into row from approvals a where a.id = approval;
    if row.job_id is not null then
        perform 1 from jobs j where j.id = row.job_id for no key update;
    end if;
    if row.kind = 'review' then
        perform 1 from tickets t where t.id = row.ticket_id for no key update;
    end if;
    select * into row from approvals a where a.id = approval for no key update;
    return row;
end
$$;

-- POST /api/approvals. About a job, a ticket or a whole workflow. `lease_token` is the worker's: one that has
-- lost its job parks nobody else's.
create function logic.ask(
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
        select * into held from jobs j where j.id = ask.job and j.deleted_at is null;
        perform logic.authorize(caller, held.workflow_id, 'member', 'job ' || job);
        if workflow <> held.workflow_id then
            perform logic.invalid('workflow_id', 'must be the workflow of the job');
        end if;
        workflow := held.workflow_id;
        tid := held.ticket_id;
    end if;
    if ticket is not null then
        tid := logic.find_ticket(caller, ticket, 'member', workflow);
        workflow := coalesce(workflow, (select t.workflow_id from tickets t where t.id = tid));
        if workflow <> (select t.workflow_id from tickets t where t.id = tid) then
            perform logic.invalid('ticket_id', 'must name a ticket of the same workflow');
        end if;
        if held.ticket_id <> tid then
            perform logic.invalid('ticket_id', 'must name the ticket of the job');
        end if;
    end if;
    if workflow is null then
        perform logic.invalid('workflow_id', 'or ticket_id or job_id must be given');
    end if;
    who := logic.authorize(caller, workflow, 'member');
    answer := logic.replay(who, idempotency_key, jsonb_build_array('ask', workflow, tid, job, kind, question, context, options,
        blocks_job, expires_in_seconds, who.acting_for));
    if answer is not null then
        return answer;
    end if;
    perform logic.require_unarchived(workflow);
    if kind not in ('question', 'review', 'clarification') then
        perform logic.invalid('kind', 'must be one of question, review, clarification');
    end if;
    if kind <> 'question' and tid is null then
        perform logic.invalid('ticket_id', format('must be given: a %s is about a ticket', kind));
    end if;
    question := logic.trimmed(coalesce(question, ''));
    if char_length(question) not between 1 and 10000 then
        perform logic.invalid('question', 'must have 1 to 10000 characters');
    end if;
    options := coalesce(logic.tidy_list(options), '{}');
    perform logic.check_list('options', options, 50, 2000);
    if expires_in_seconds not between 1 and 31536000 then
        perform logic.invalid('expires_in_seconds', 'must be between 1 and 31536000');
    end if;
    if kind = 'review' and expires_in_seconds is not null then
        perform logic.invalid('expires_in_seconds', 'must not be given: a review waits until somebody has looked');
    end if;
    if job is null and coalesce(blocks_job, false) then
        perform logic.invalid('job_id', 'must be given where blocks_job is true');
    end if;
    if job is not null then
        if lease_token is null then
            held := logic.find_job(caller, job, 'member', hold => true);
        else
            held := logic.hold_lease(caller, job, lease_token);
        end if;
        if blocks_job and held.status not in ('queued', 'running', 'paused', 'waiting') then
            perform logic.fail('CB409', format('This job is %s; it cannot wait for an answer.', held.status), jsonb_build_object('status', held.status));
        end if;
    end if;
    if kind = 'review' then
        perform logic.require_open(workflow);
        row := logic.lock_ticket(tid);
        if row.approval_status = 'pending_review' then
            perform logic.fail('CB409', format('TKT-%s waits for review already.', row.number), jsonb_build_object('approval_id', (
                select a.id from approvals a where a.ticket_id = tid and a.kind = 'review' and a.status = 'pending')));
        end if;
    end if;
    answer := logic.park(who, workflow, tid, job, kind, question, context, options, blocks_job,
        clock_timestamp() + make_interval(secs => expires_in_seconds));
    if blocks_job and held.status in ('queued', 'running') then
        update jobs j set status = 'waiting' where j.id = job;
    end if;
    return logic.remember(who, idempotency_key, answer);
end
$$;

-- Writes a question; the one place that does. A review holds its ticket from now on.
create function logic.park(
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
            logic.acting(who), who.actor_id, comment_id, before)
    returning * into made;
    return logic.approval_json(made);
end
$$;

-- POST /api/approvals/{id}/{approve,reject,answer}. The same decision again answers the same; another one is
-- refused. Nobody decides what they asked themselves.
create function logic.decide(
    caller text, approval text, decision text, answer text default null, reason text default null, comment text default null
) returns jsonb language plpgsql as $$
declare
    asked approvals;
    who logic.principal;
    outcome constant text := case decision when 'approve' then 'approved' when 'reject' then 'rejected' when 'answer' then 'answered' end;
begin
    select * into asked from approvals a where a.id = approval;
    who := logic.authorize_decision(caller, asked.workflow_id, 'approval ' || approval);
    if outcome is null then
        perform logic.invalid('decision', 'must be one of approve, reject, answer');
    end if;
    if logic.is_asker(who, asked) then
        perform logic.fail('CB403', 'Nobody decides what they asked themselves; another person has to.');
    end if;
    answer := nullif(logic.trimmed(answer), '');
    if decision = 'answer' and asked.kind = 'review' then
        perform logic.fail('CB409', 'A review is approved or rejected, not answered.');
    end if;
    if decision = 'answer' and answer is null then
        perform logic.invalid('answer', 'must not be empty');
    end if;
    asked := logic.hold_approval(asked.id);
    if asked.status = outcome and (answer is null or answer = asked.answer) then
        return logic.approval_json(asked);
    end if;
    if asked.status <> 'pending' then
        perform logic.fail('CB409', case asked.status when 'expired' then 'This ran out before it was decided.'
                when 'withdrawn' then 'This was taken back and needs no decision.'
                else format('This was %s already%s.', asked.status, coalesce(' by ' || (select a.name from actors a where a.id = asked.decided_by), '')) end,
            jsonb_build_object('status', asked.status, 'decided_by', asked.decided_by));
    end if;
    if asked.expires_at <= clock_timestamp() then
        perform logic.fail('CB409', 'This ran out before it was decided.', '{"status": "expired"}');
    end if;
    if asked.kind = 'review' then
        update tickets t set approval_status = outcome where t.id = asked.ticket_id;
    end if;
    update approvals a set status = outcome, answer = decide.answer, reason = nullif(logic.trimmed(decide.reason), ''),
           decided_by = logic.acting(who), decided_at = clock_timestamp()
     where a.id = asked.id returning * into asked;
    perform logic.comment_decision(who, asked, comment);
    perform logic.resume_waiting_job(asked);
    return logic.approval_json(asked);
end
$$;

-- What a decision says to those who read the ticket: the comment that came with it, the answer to a
-- clarification below its question, the reason of a rejected review. Nothing on a ticket that takes none.
create function logic.comment_decision(who logic.principal, decided approvals, comment text) returns void language plpgsql as $$
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
    if nullif(logic.trimmed(comment), '') is not null then
        perform logic.insert_comment(who, decided.ticket_id, decided.workflow_id, comment, field => 'comment');
    end if;
end
$$;

-- A job whose last question has been decided goes on: with its worker where the lease holds, else back in
-- the queue, and the attempt does not count. One that was to be cancelled and that nobody holds ends. The
-- caller holds the job's row.
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
    if held.cancel_requested_at is not null and not logic.is_held(held) then
        perform logic.end_job(held, 'cancelled', 'It was to be cancelled while it waited.');
    else
        perform logic.wake_job(held);
    end if;
end
$$;

-- POST /api/approvals/{id}/withdraw: by who asked, or an owner. A review that the board asked for stays.
create function logic.withdraw_approval(caller text, approval text, reason text default null) returns jsonb language plpgsql as $$
declare
    asked approvals;
    who logic.principal;
begin
    select * into asked from approvals a where a.id = approval;
    who := logic.authorize(caller, asked.workflow_id, 'member', 'approval ' || approval);
    perform logic.require_unarchived(asked.workflow_id);
    if not logic.is_asker(who, asked) and who.role <> 'owner' then
        perform logic.fail('CB403', 'Only who asked, or an owner of the workflow, may take this back.');
    end if;
    if asked.required then
        perform logic.fail('CB409', 'The board asks for this review; it can be decided, not taken back.');
    end if;
    asked := logic.hold_approval(asked.id);
    if asked.status = 'withdrawn' then
        return logic.approval_json(asked);
    end if;
    if asked.status <> 'pending' then
        perform logic.fail('CB409', format('This was %s already.', asked.status), jsonb_build_object('status', asked.status));
    end if;
    if asked.kind = 'review' then
        update tickets t set approval_status = asked.ticket_before where t.id = asked.ticket_id and t.approval_status = 'pending_review';
    end if;
    update approvals a set status = 'withdrawn', reason = nullif(logic.trimmed(withdraw_approval.reason), ''),
           decided_by = logic.acting(who), decided_at = clock_timestamp()
     where a.id = asked.id returning * into asked;
    perform logic.resume_waiting_job(asked);
    return logic.approval_json(asked);
end
$$;

-- Ends questions that ran out, at most `max_rows`, by the database's clock; answers how many. One server at a
-- time does it. A review never runs out: its ticket would stay where it is.
create function logic.expire_approvals(max_rows int default 100) returns bigint language plpgsql as $$
declare
    due text[];
    ended approvals;
    n bigint := 0;
begin
    if not exists (select from approvals a where a.status = 'pending' and a.expires_at <= now() and a.kind <> 'review')
       or not pg_try_advisory_xact_lock(hashtextextended('callboard.approvals', 0)) then
        return 0;
    end if;
    due := array(select a.id from approvals a where a.status = 'pending' and a.expires_at <= now() and a.kind <> 'review'
                  order by a.expires_at limit max_rows);
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

-- GET /api/approvals/{id}
create function logic.get_approval(caller text, approval text) returns jsonb language plpgsql as $$
declare
    asked approvals;
begin
    select * into asked from approvals a where a.id = approval;
    perform logic.authorize(caller, asked.workflow_id, 'viewer', 'approval ' || approval);
    if asked.status = 'pending' and asked.expires_at <= now() then
        perform logic.expire_approvals();
        select * into asked from approvals a where a.id = approval;
    end if;
    return logic.approval_json(asked);
end
$$;

-- GET /api/approvals: newest first, paged by the last one seen; of one ticket, job or workflow, or of all
-- workflows of the caller. `mine`: what the caller asked.
create function logic.list_approvals(
    caller text, workflow text default null, ticket text default null, job text default null, statuses text[] default null,
    kinds text[] default null, mine boolean default null, max_rows int default 50, after text default null
) returns jsonb language plpgsql as $$
declare
    who logic.principal := logic.identify(caller);
    tid text;
    answer jsonb;
begin
    perform logic.require_scope(who, 'read');
    if after !~ '^approval-[0-9a-f-]{36}$' then
        perform logic.invalid('cursor', 'must be the next_cursor of a page before');
    end if;
    if workflow is not null then
        perform logic.authorize(caller, workflow, 'viewer');
    end if;
    if ticket is not null then
        tid := logic.find_ticket(caller, ticket, 'viewer', workflow);
    end if;
    if job is not null then
        perform logic.authorize(caller, (select j.workflow_id from jobs j where j.id = job and j.deleted_at is null), 'viewer', 'job ' || job);
    end if;
    perform logic.expire_approvals();
    with
    -- One row more than asked for tells whether there are more.
    page as (
        select a.id, row_number() over (order by a.id desc) as place, logic.approval_json(a) as told
          from approvals a
         where (workflow is null or a.workflow_id = workflow)
           and (tid is null or a.ticket_id = tid)
           and (job is null or a.job_id = job)
           and (statuses is null or a.status = any (statuses))
           and (kinds is null or a.kind = any (kinds))
           and (mine is distinct from true or logic.acting(who) in (a.asked_by, a.asked_through))
           and (after is null or a.id < after collate "C")
           and (who.is_admin or exists (select from workflow_members m where m.workflow_id = a.workflow_id and m.actor_id = who.actor_id))
           -- Nothing is left to decide about a ticket that is gone.
           and not exists (select from tickets t where t.id = a.ticket_id and t.deleted_at is not null)
         order by a.id desc
         limit max_rows + 1
    )
    select jsonb_build_object(
        'approvals', coalesce(jsonb_agg(p.told order by p.place) filter (where p.place <= max_rows), '[]'),
        'has_more', count(*) > max_rows,
        'next_cursor', case when count(*) > max_rows then max(p.id) filter (where p.place = max_rows) end)
      into answer from page p;
    return answer;
end
$$;

-- Of the ids that somebody waits for, those that need no more waiting: decided, run out, or gone.
create function logic.settled_approvals(ids text[]) returns jsonb language sql stable
begin atomic
    select coalesce(jsonb_agg(w.id), '[]') from unnest(ids) w (id)
     where not exists (select from approvals a where a.id = w.id and a.status = 'pending' and (a.expires_at is null or a.expires_at > now()));
end;
