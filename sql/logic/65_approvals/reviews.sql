-- Reviews and clarifications of tickets: approvals under the names that existing clients use.

-- Requests a review of a ticket whose row is locked.
create function logic.insert_review(who logic.principal, ticket tickets, required boolean default false, checks jsonb default '[]') returns jsonb language plpgsql as $$
begin
    return logic.insert_approval(who, (ticket).workflow_id, (ticket).id, null, 'review',
        format('Review TKT-%s: %s', (ticket).number, (ticket).title), required => insert_review.required, checks => insert_review.checks);
end
$$;

-- POST /api/tickets/request-review. Returns the pending review if there is one; checks that are given replace its own.
create function logic.request_review(caller text, ticket text, comment text default null, checks jsonb default null) returns jsonb language plpgsql as $$
declare
    access constant logic.ticket_access := logic.authorize_ticket(caller, ticket, 'member');
    who constant logic.principal := access.who;
    tid constant text := access.ticket_id;
    row tickets;
    waiting text;
    reported constant jsonb := logic.normalize_reported_checks(checks);
begin
    perform logic.require_open_workflow(access.workflow_id);
    row := logic.lock_ticket(tid);
    if row.approval_status = 'pending_review' then
        waiting := (select a.id from approvals a where a.ticket_id = tid and a.kind = 'review' and a.status = 'pending');
        if checks is not null then
            update approvals a set checks = reported where a.id = waiting;
        end if;
        return jsonb_build_object('success', true, 'ticket_id', tid, 'approval_id', waiting, 'approval_status', 'pending_review',
            'message', format('TKT-%s waits for review already.', row.number));
    end if;
    waiting := logic.insert_review(who, row, checks => reported) ->> 'id';
    if nullif(logic.trim_whitespace(comment), '') is not null then
        perform logic.insert_comment(who, tid, row.workflow_id, comment, field => 'comment');
    end if;
    return jsonb_build_object('success', true, 'ticket_id', tid, 'approval_id', waiting, 'approval_status', 'pending_review',
        'message', format('TKT-%s waits for review.', row.number));
end
$$;

-- POST /api/tickets/approve and /reject.
create function logic.review_ticket(caller text, ticket text, decision text, reason text default null, comment text default null)
returns jsonb language plpgsql as $$
declare
    access constant logic.ticket_access := logic.authorize_ticket(caller, ticket, 'viewer');
    who logic.principal;
    tid constant text := access.ticket_id;
    row tickets;
    outcome constant text := case decision when 'approve' then 'approved' when 'reject' then 'rejected' end;
    asked text;
begin
    perform logic.require_not_merged(array[tid]);
    who := logic.authorize_decision_for(access.who, access.workflow_id, 'ticket ' || ticket);
    perform logic.require_open_workflow(access.workflow_id);
    row := logic.lock_ticket(tid);
    select a.id into asked from approvals a where a.ticket_id = tid and a.kind = 'review'
     order by a.status = 'pending' desc, a.decided_at desc nulls last limit 1;
    if row.approval_status is null then
        perform logic.fail('conflict', format('TKT-%s has no pending review.', row.number), jsonb_build_object('approval_status', null));
    end if;
    if row.approval_status not in ('pending_review', outcome) then
        perform logic.fail('conflict', format('TKT-%s was %s already; ask for another review first.', row.number, row.approval_status),
            jsonb_build_object('approval_status', row.approval_status));
    end if;
    if row.approval_status = 'pending_review' then
        if asked is null or (select a.status from approvals a where a.id = asked) <> 'pending' then
            -- An UPDATE typed in psql has set the ticket's status without an approval.
            insert into approvals (workflow_id, ticket_id, kind, question)
            values (row.workflow_id, tid, 'review', format('Review TKT-%s: %s', row.number, row.title)) returning id into asked;
        end if;
        perform logic.decide_approval_for(who, asked, decision, reason => reason, comment => comment);
    end if;
    return jsonb_build_object('success', true, 'ticket_id', tid, 'approval_id', asked, 'approval_status', outcome,
        'message', format('TKT-%s is %s.', row.number, outcome));
end
$$;

-- POST /api/tickets/request-clarification: a question to people that is also a comment on the ticket.
-- `clarification` is the text of that comment.
create function logic.request_clarification(
    caller text, ticket text, conflict_description text, context text default null, potential_solutions text[] default null
) returns jsonb language plpgsql as $$
declare
    access constant logic.ticket_access := logic.authorize_ticket(caller, ticket, 'member');
    who constant logic.principal := access.who;
    tid constant text := access.ticket_id;
    row tickets;
    said text;
    comment text;
    asked jsonb;
begin
    select * into row from tickets t where t.id = tid;
    perform logic.require_open_workflow(row.workflow_id);
    conflict_description := logic.trim_whitespace(coalesce(conflict_description, ''));
    if char_length(conflict_description) not between 20 and 10000 then
        perform logic.fail_invalid('conflict_description', 'must have 20 to 10000 characters');
    end if;
    if char_length(context) > 50000 then
        perform logic.fail_invalid('context', 'must have at most 50000 characters');
    end if;
    context := coalesce(logic.trim_whitespace(context), '');
    potential_solutions := coalesce(logic.normalize_list(potential_solutions), '{}');
    perform logic.check_list_limits('potential_solutions', potential_solutions, 50, 2000);
    said := concat_ws(E'\n\n', '**Clarification needed**', conflict_description, nullif(context, ''),
        (select string_agg(s.place || '. ' || s.item, E'\n' order by s.place) from unnest(potential_solutions) with ordinality s (item, place)));
    comment := logic.insert_comment(who, tid, row.workflow_id, said, 'clarification', field => 'conflict_description');
    asked := logic.insert_approval(who, row.workflow_id, tid, null, 'clarification', conflict_description, context, potential_solutions, comment_id => comment);
    return jsonb_build_object('success', true, 'ticket_id', tid, 'clarification', said,
        'comment_id', comment, 'approval_id', asked ->> 'id', 'approval', asked,
        'message', format('Asked for a clarification of TKT-%s; the answer will stand below the comment.', row.number));
end
$$;

-- GET /api/tickets/pending-review-count: of one workflow, or all of the caller's; with the ids of the 1000 oldest.
create function logic.count_pending_reviews(caller text, workflow text default null) returns jsonb language plpgsql as $$
declare
    who logic.principal := logic.identify_caller(caller);
begin
    perform logic.require_scope(who, 'read');
    if workflow is not null then
        who := logic.authorize_principal(who, workflow, 'viewer');
    end if;
    return (
        with
        -- Live tickets with a pending review.
        waiting as (
            select t.id, t.created_at from tickets t
             where t.approval_status = 'pending_review' and t.deleted_at is null and logic.is_live(t)
               and (count_pending_reviews.workflow is null or t.workflow_id = count_pending_reviews.workflow)
               and (who.is_admin or exists (select from workflow_members m where m.workflow_id = t.workflow_id and m.actor_id = who.actor_id))
        )
        select jsonb_build_object('count', (select count(*) from waiting),
            'ticket_ids', coalesce((select jsonb_agg(w.id order by w.created_at, w.id)
                from (select * from waiting order by created_at, id limit 1000) w), '[]')));
end
$$;
