-- Reading approvals.

-- An approval as answers and events show it.
create function logic.approval_json(approval approvals) returns jsonb language sql stable
begin atomic
    select jsonb_build_object(
        'id', approval.id, 'approval_id', approval.id, 'workflow_id', approval.workflow_id,
        'ticket_id', approval.ticket_id, 'ticket_key', 'TKT-' || t.number, 'ticket_title', t.title, 'job_id', approval.job_id,
        'kind', approval.kind, 'question', approval.question, 'context', approval.context, 'options', approval.options,
        'checks', approval.checks,
        'blocks_job', approval.blocks_job, 'status', approval.status, 'answer', approval.answer, 'reason', approval.reason,
        'asked_by', approval.asked_by, 'asked_by_name', a.name, 'decided_by', approval.decided_by, 'decided_by_name', d.name,
        'decided_at', approval.decided_at, 'expires_at', approval.expires_at, 'comment_id', approval.comment_id,
        'created_at', approval.created_at)
      from (select) one
      left join tickets t on t.id = approval.ticket_id
      left join actors a on a.id = approval.asked_by
      left join actors d on d.id = approval.decided_by;
end;

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

-- GET /api/approvals: newest first, in keyset pages; of one ticket, job or workflow, or of all of
-- the caller's workflows. `mine`: those that the caller requested.
create function logic.list_approvals(
    caller text, workflow text default null, ticket text default null, job text default null, statuses text[] default null,
    kinds text[] default null, mine boolean default null, max_rows int default 50, cursor text default null
) returns jsonb language plpgsql as $$
declare
    who logic.principal := logic.identify_caller(caller);
    tid text;
    about jsonb;
    last_seen jsonb;
    answer jsonb;
begin
    perform logic.require_scope(who, 'read');
    if workflow is not null then
        perform logic.authorize_principal(who, workflow, 'viewer');
    end if;
    if ticket is not null then
        tid := (logic.authorize_ticket_for(who, ticket, 'viewer', workflow)).ticket_id;
    end if;
    if job is not null then
        perform logic.authorize_job_for(who, job, 'viewer');
    end if;
    about := jsonb_build_array(workflow, tid, job, statuses, kinds, coalesce(mine, false));
    last_seen := logic.read_cursor(cursor, 'approvals', about);
    perform logic.expire_approvals();
    with
    -- One row more than requested, to learn whether there are more.
    page as (
        select a as approval, a.id
          from approvals a
         where (workflow is null or a.workflow_id = workflow)
           and (tid is null or a.ticket_id = tid)
           and (job is null or a.job_id = job)
           and (statuses is null or a.status = any (statuses))
           and (kinds is null or a.kind = any (kinds))
           and (mine is distinct from true or logic.effective_actor_id(who) in (a.asked_by, a.asked_through))
           and (last_seen is null or a.id < (last_seen ->> 0) collate "C")
           and (who.is_admin or exists (select from workflow_members m where m.workflow_id = a.workflow_id and m.actor_id = who.actor_id))
           -- Approvals of deleted tickets need no decision.
           and (select t.deleted_at from tickets t where t.id = a.ticket_id) is null
         order by a.id desc
         limit max_rows + 1
    ),
    -- The same with their places.
    placed as (
        select p.*, row_number() over (order by p.id desc) as place from page p
    )
    select jsonb_build_object(
        'approvals', coalesce(jsonb_agg(logic.approval_json(p.approval) order by p.place) filter (where p.place <= max_rows), '[]'))
        || logic.page_end(count(*), max_rows, 'approvals', about, jsonb_build_array(max(p.id) filter (where p.place = max_rows)))
      into answer from placed p;
    return answer;
end
$$;

-- Of the given ids, those that are no longer pending: decided, expired, or gone.
create function logic.list_settled_approvals(ids text[]) returns jsonb language sql stable
begin atomic
    select coalesce(jsonb_agg(w.id), '[]') from unnest(ids) w (id)
     where not exists (select from approvals a where a.id = w.id and a.status = 'pending' and (a.expires_at is null or a.expires_at > now()));
end;
