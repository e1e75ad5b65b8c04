-- Moving tickets: status changes, order inside a column, resolving, claiming, many at once.
-- Lock order: column (only where a WIP limit is enforced), tickets by id, stream last.

-- POST /api/tickets/change-status. A blocked ticket stays where it is and the answer says what blocks it.
create function logic.change_status(
    caller text, ticket text, new_status text, comment text default null, commit_sha text default null,
    version bigint default null, before text default null, after text default null, git jsonb default null
) returns jsonb language plpgsql as $$
declare
    tid text := logic.authorize_ticket(caller, ticket, 'member');
    who logic.principal := logic.identify_caller(caller);
    workflow text := (select t.workflow_id from tickets t where t.id = tid);
    board boards;
    row tickets;
    old_category text;
    new_category text;
    blockers text[];
    warning text;
    allowed text;
begin
    perform logic.require_open_workflow(workflow);
    select * into board from boards b where b.workflow_id = workflow;
    select c.category into new_category from board_columns c where c.workflow_id = workflow and c.id = new_status;
    if new_category is null then
        perform logic.fail_unknown_status(workflow, new_status, 'new_status');
    end if;
    if board.wip_policy = 'refuse' and (select t.status from tickets t where t.id = tid) <> new_status then
        warning := logic.check_wip_limit(workflow, new_status);
    end if;
    row := logic.lock_ticket(tid);
    perform logic.check_ticket_version(row, version);
    if row.status = new_status then
        if before is not null or after is not null then
            update tickets t set rank = coalesce(logic.rank_next_to(row, new_status, before, after), t.rank) where t.id = row.id;
        end if;
        return jsonb_build_object('success', true, 'ticket_id', tid, 'old_status', row.status, 'new_status', new_status,
            'message', format('TKT-%s is in %s already.', row.number, new_status), 'blocked', false, 'blocking_ticket_ids', '[]'::jsonb,
            'version', (select t.version from tickets t where t.id = row.id));
    end if;
    perform logic.require_reviewed(row);
    blockers := array(select k.blocked_by_ticket_id from ticket_blockers k where k.ticket_id = row.id order by 1);
    if cardinality(blockers) > 0 then
        return jsonb_build_object('success', false, 'ticket_id', tid, 'old_status', row.status, 'new_status', row.status,
            'message', format('TKT-%s is blocked by %s; resolve those first.', row.number,
                (select string_agg('TKT-' || t.number, ', ' order by t.number) from tickets t where t.id = any (blockers))),
            'blocked', true, 'blocking_ticket_ids', blockers, 'version', row.version);
    end if;
    select c.category into old_category from board_columns c where c.workflow_id = workflow and c.id = row.status;
    if old_category = 'done' and new_category <> 'done' and not board.allow_reopen then
        perform logic.fail('reopen_not_allowed', format('This board does not let tickets leave %s.', row.status));
    end if;
    if exists (select from board_transitions x where x.workflow_id = workflow)
       and not exists (select from board_transitions x where x.workflow_id = workflow and x.from_status = row.status and x.to_status = new_status) then
        allowed := (select string_agg(x.to_status, ', ' order by x.to_status) from board_transitions x
                     where x.workflow_id = workflow and x.from_status = row.status);
        perform logic.fail('transition_not_allowed', format('A ticket in %s cannot move to %s; it can move to %s.', row.status, new_status, coalesce(allowed, 'no other column')),
            jsonb_build_object('old_status', row.status, 'new_status', new_status));
    end if;
    comment := nullif(logic.trim_whitespace(comment), '');
    if board.require_comments_on_status_change and char_length(coalesce(comment, '')) < 10 then
        perform logic.fail_invalid('comment', 'must have at least 10 characters: this board asks for the reason of a move');
    end if;
    if board.wip_policy <> 'refuse' then
        warning := logic.check_wip_limit(workflow, new_status);
    end if;

    update tickets t set status = new_status,
        rank = coalesce(logic.rank_next_to(row, new_status, before, after), logic.rank_at_end(row.number))
     where t.id = row.id;
    if comment is not null then
        perform logic.insert_comment(who, tid, workflow, comment, 'status_change', field => 'comment');
    end if;
    if commit_sha is not null then
        perform logic.insert_commit(who, tid, workflow, commit_sha, git);
    end if;
    return jsonb_build_object('success', true, 'ticket_id', tid, 'old_status', row.status, 'new_status', new_status,
        'message', concat_ws(' ', format('Moved TKT-%s from %s to %s.', row.number, row.status, new_status), warning),
        'blocked', false, 'blocking_ticket_ids', '[]'::jsonb,
        'version', (select t.version from tickets t where t.id = row.id));
end
$$;

-- POST /api/tickets/reorder: right before or right after another ticket of the same column.
create function logic.reorder_ticket(caller text, ticket text, before text default null, after text default null) returns jsonb language plpgsql as $$
declare
    tid text := logic.authorize_ticket(caller, ticket, 'member');
    row tickets;
    new_rank text;
begin
    row := logic.lock_ticket(tid);
    perform logic.require_open_workflow(row.workflow_id);
    if before is null and after is null then
        perform logic.fail_invalid('before', 'or after must be given');
    end if;
    if before is not null and after is not null then
        perform logic.fail_invalid('after', 'must not be given beside before');
    end if;
    if coalesce(before, after) = tid then
        perform logic.fail_invalid(case when before is null then 'after' else 'before' end, 'must name another ticket');
    end if;
    new_rank := logic.rank_next_to(row, row.status, before, after);
    if new_rank is null then
        perform logic.fail_invalid(case when before is null then 'after' else 'before' end, 'must name a ticket of the same column');
    end if;
    update tickets t set rank = new_rank where t.id = row.id;
    return jsonb_build_object('success', true, 'ticket_id', tid, 'rank', new_rank, 'message', format('Reordered TKT-%s.', row.number));
end
$$;
