-- Status changes and the order of tickets inside a column.
-- Lock order: column (only where a WIP limit is enforced), ticket, then the stream.

-- Rejects a move that the board does not allow: out of a done column, or without a transition.
create function logic.check_transition(board boards, old_status text, new_status text, new_category text) returns void
language plpgsql stable as $$
declare
    old_category constant text := (select c.category from board_columns c where c.workflow_id = board.workflow_id and c.id = old_status);
begin
    if old_category = 'done' and new_category <> 'done' and not board.allow_reopen then
        perform logic.fail('reopen_not_allowed', format('This board does not let tickets leave %s.', old_status));
    end if;
    if exists (select from board_transitions x where x.workflow_id = board.workflow_id)
       and not exists (select from board_transitions x
                        where x.workflow_id = board.workflow_id and x.from_status = old_status and x.to_status = new_status) then
        perform logic.fail('transition_not_allowed',
            format('A ticket in %s cannot move to %s; it can move to %s.', old_status, new_status, coalesce((
                select string_agg(x.to_status, ', ' order by x.to_status) from board_transitions x
                 where x.workflow_id = board.workflow_id and x.from_status = old_status), 'no other column')),
            jsonb_build_object('old_status', old_status, 'new_status', new_status));
    end if;
end
$$;

-- What a status change answers: where the ticket was and is, and what blocks it. `version` is its version now.
create function logic.status_answer(
    ticket_id text, old_status text, new_status text, message text, version bigint, blocking_ticket_ids text[] default '{}'
) returns jsonb language sql stable
begin atomic
    select jsonb_build_object('success', cardinality(blocking_ticket_ids) = 0, 'ticket_id', ticket_id,
        'old_status', old_status, 'new_status', new_status, 'message', message,
        'blocked', cardinality(blocking_ticket_ids) > 0, 'blocking_ticket_ids', blocking_ticket_ids, 'version', version);
end;

-- The sentence about a ticket that others block.
create function logic.blocked_message(ticket tickets, blockers text[]) returns text language sql stable
begin atomic
    select format('TKT-%s is blocked by %s; resolve those first.', (ticket).number,
        (select string_agg('TKT-' || t.number, ', ' order by t.number) from tickets t where t.id = any (blockers)));
end;

-- Adds the comment and the commit of a change that was already made. A repeat of the ticket's newest comment by the same
-- author is a retry and is not added again. Returns what was kept, as the end of a sentence, or null.
create function logic.keep_comment_and_commit(
    who logic.principal, ticket tickets, comment text, comment_type text, field text, commit_sha text, git jsonb
) returns text language plpgsql as $$
declare
    kept text[] := '{}';
begin
    comment := case when not logic.is_blank(comment) then logic.trim_whitespace(comment) end;
    if comment is not null then
        if comment is distinct from (
            select logic.trim_whitespace(c.comment_text) from ticket_comments c
             where c.ticket_id = ticket.id and c.deleted_at is null and c.agent_id = logic.effective_actor_id(who)
             order by c.created_at desc, c.id desc limit 1) then
            perform logic.insert_comment(who, ticket.id, ticket.workflow_id, comment, comment_type, field => field);
        end if;
        kept := kept || 'the comment was added'::text;
    end if;
    if commit_sha is not null then
        perform logic.insert_commit(who, ticket.id, ticket.workflow_id, commit_sha, git);
        kept := kept || 'the commit was linked'::text;
    end if;
    return nullif(array_to_string(kept, ' and '), '');
end
$$;

-- Moves a ticket to the column it is in already: only its rank may change; comment and commit are kept.
create function logic.keep_status(
    who logic.principal, ticket tickets, before text, after text, comment text, commit_sha text, git jsonb
) returns jsonb language plpgsql as $$
declare
    kept text;
begin
    if before is not null or after is not null then
        update tickets t set rank = coalesce(logic.rank_next_to(ticket, ticket.status, before, after), t.rank) where t.id = ticket.id;
    end if;
    kept := logic.keep_comment_and_commit(who, ticket, comment, 'general', 'comment', commit_sha, git);
    return logic.status_answer(ticket.id, ticket.status, ticket.status,
        format('TKT-%s is in %s already%s.', ticket.number, ticket.status, coalesce('; ' || kept, '')),
        (select t.version from tickets t where t.id = ticket.id));
end
$$;

-- The sentence about a move.
create function logic.moved_message(number bigint, old_status text, new_status text) returns text language sql stable
begin atomic
    select format('Moved TKT-%s from %s to %s.', number, old_status, new_status);
end;

-- POST /api/tickets/change-status. A blocked ticket stays where it is and the answer names its blockers. The usual move, to
-- which no rule of the board can apply, is one statement; all others are decided by logic.change_status_by_rules.
create function logic.change_status(
    caller text, ticket text, new_status text, comment text default null, commit_sha text default null,
    version bigint default null, before text default null, after text default null, git jsonb default null
) returns jsonb language plpgsql as $$
declare
    access constant logic.ticket_access := logic.authorize_ticket(caller, ticket, 'member');
    new_version bigint;
begin
    if access.is_closed then
        perform logic.require_open_workflow(access.workflow_id);
    end if;
    if coalesce(comment, commit_sha, before, after) is null then
        -- The ticket is as it was found, open, without review and blockers; the board has no transitions, no limit of the column
        -- and no required comments, and allows reopening. (What is reopened may be blocked by that.)
        update tickets t set status = change_status.new_status, rank = logic.rank_at_end(t.number)
         where t.id = access.ticket_id and t.status = access.status and t.status <> change_status.new_status
           and t.deleted_at is null and t.merged_into_ticket_id is null and t.approval_status is null
           and not t.is_resolved and t.version = coalesce(change_status.version, t.version)
           and exists (select from boards b
                        where b.workflow_id = access.workflow_id and b.allow_reopen and not b.require_comments_on_status_change)
           and exists (select from board_columns c
                        where c.workflow_id = access.workflow_id and c.id = change_status.new_status and c.wip_limit is null)
           and not exists (select from board_transitions x where x.workflow_id = access.workflow_id)
           and not exists (select from logic.active_blockers k where k.ticket_id = access.ticket_id)
        returning t.version into new_version;
    end if;
    if new_version is null then
        return logic.change_status_by_rules(access, new_status, comment, commit_sha, version, before, after, git);
    end if;
    if exists (select from logic.active_blockers k where k.ticket_id = access.ticket_id) then
        raise exception 'TKT-% was blocked while its move waited for a lock; try again.', access.number using errcode = 'serialization_failure';
    end if;
    return logic.status_answer(access.ticket_id, access.status, new_status,
        logic.moved_message(access.number, access.status, new_status), new_version);
end
$$;

-- The change of status where a rule may apply, or more than the status changes.
create function logic.change_status_by_rules(
    access logic.ticket_access, new_status text, comment text, commit_sha text, version bigint, before text, after text, git jsonb
) returns jsonb language plpgsql as $$
declare
    tid constant text := access.ticket_id;
    workflow constant text := access.workflow_id;
    board boards;
    row tickets;
    new_category text;
    blockers text[];
    warning text;
begin
    select * into board from boards b where b.workflow_id = workflow;
    select c.category into new_category from board_columns c where c.workflow_id = workflow and c.id = new_status;
    if new_category is null then
        new_status := logic.require_column(workflow, new_status, 'new_status');
        select c.category into new_category from board_columns c where c.workflow_id = workflow and c.id = new_status;
    end if;
    -- An enforced limit locks the column, and columns are locked before tickets.
    if board.wip_policy = 'refuse' and (select t.status from tickets t where t.id = tid) <> new_status then
        warning := logic.check_wip_limit(workflow, new_status);
    end if;
    row := logic.lock_ticket(tid);
    perform logic.check_ticket_version(row, version);
    if row.status = new_status then
        return logic.keep_status(access.who, row, before, after, comment, commit_sha, git);
    end if;
    perform logic.require_reviewed(row);
    blockers := array(select k.blocked_by_ticket_id from logic.active_blockers k where k.ticket_id = row.id order by 1);
    if cardinality(blockers) > 0 then
        return logic.status_answer(row.id, row.status, row.status, logic.blocked_message(row, blockers), row.version, blockers);
    end if;
    perform logic.check_transition(board, row.status, new_status, new_category);
    comment := case when not logic.is_blank(comment) then logic.trim_whitespace(comment) end;
    if board.require_comments_on_status_change then
        perform logic.check_min_length('comment', comment, 10, ': this board requires a reason for each move');
    end if;
    if board.wip_policy <> 'refuse' then
        warning := logic.check_wip_limit(workflow, new_status);
    end if;

    update tickets t set status = new_status,
        rank = coalesce(logic.rank_next_to(row, new_status, before, after), logic.rank_at_end(row.number))
     where t.id = row.id;
    if comment is not null then
        perform logic.insert_comment(access.who, tid, workflow, comment, 'status_change', field => 'comment');
    end if;
    if commit_sha is not null then
        perform logic.insert_commit(access.who, tid, workflow, commit_sha, git);
    end if;
    return logic.status_answer(row.id, row.status, new_status,
        concat_ws(' ', logic.moved_message(row.number, row.status, new_status), warning),
        (select t.version from tickets t where t.id = row.id));
end
$$;

-- POST /api/tickets/reorder: right before or right after another ticket of the same column.
create function logic.reorder_ticket(caller text, ticket text, before text default null, after text default null) returns jsonb language plpgsql as $$
declare
    tid constant text := (logic.authorize_ticket(caller, ticket, 'member')).ticket_id;
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
