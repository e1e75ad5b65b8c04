-- Moving tickets: status changes, order inside a column, resolving, claiming, many at once.
-- Lock order: column (only where a WIP limit is enforced), tickets by id, stream last.

-- The rank that puts a ticket right before or right after another one in a column; null if that other
-- ticket is not there (any more).
create function logic.rank_beside(ticket tickets, status text, before text, after text) returns text language plpgsql stable as $$
declare
    low text;
    high text;
begin
    if before is not null then
        select t.rank into high from tickets t
         where t.id = before and t.workflow_id = ticket.workflow_id and t.status = rank_beside.status and logic.is_live(t);
        if high is null then
            return null;
        end if;
        low := (select max(t.rank) from tickets t
                 where t.workflow_id = ticket.workflow_id and t.status = rank_beside.status and logic.is_live(t)
                   and t.rank < high and t.id <> ticket.id);
    elsif after is not null then
        select t.rank into low from tickets t
         where t.id = after and t.workflow_id = ticket.workflow_id and t.status = rank_beside.status and logic.is_live(t);
        if low is null then
            return null;
        end if;
        high := (select min(t.rank) from tickets t
                  where t.workflow_id = ticket.workflow_id and t.status = rank_beside.status and logic.is_live(t)
                    and t.rank > low and t.id <> ticket.id);
    else
        return null;
    end if;
    return logic.rank_between(low, high, ticket.number);
end
$$;

-- POST /api/tickets/change-status. A blocked ticket stays where it is and the answer says what blocks it.
create function logic.change_status(
    caller text, ticket text, new_status text, comment text default null, commit_sha text default null,
    version bigint default null, before text default null, after text default null, git jsonb default null
) returns jsonb language plpgsql as $$
declare
    tid text := logic.find_ticket(caller, ticket, 'member');
    who logic.principal := logic.identify(caller);
    workflow text := (select t.workflow_id from tickets t where t.id = tid);
    board boards;
    row tickets;
    old_category text;
    new_category text;
    blockers text[];
    warning text;
    allowed text;
begin
    perform logic.require_open(workflow);
    select * into board from boards b where b.workflow_id = workflow;
    select c.category into new_category from board_columns c where c.workflow_id = workflow and c.id = new_status;
    if new_category is null then
        perform logic.fail_unknown_status(workflow, new_status, 'new_status');
    end if;
    if board.wip_policy = 'refuse' and (select t.status from tickets t where t.id = tid) <> new_status then
        warning := logic.check_wip(workflow, new_status);
    end if;
    row := logic.lock_ticket(tid);
    perform logic.check_version(row, version);
    if row.status = new_status then
        if before is not null or after is not null then
            update tickets t set rank = coalesce(logic.rank_beside(row, new_status, before, after), t.rank) where t.id = row.id;
        end if;
        return jsonb_build_object('success', true, 'ticket_id', tid, 'old_status', row.status, 'new_status', new_status,
            'message', format('TKT-%s is in %s already.', row.number, new_status), 'blocked', false, 'blocking_ticket_ids', '[]'::jsonb,
            'version', (select t.version from tickets t where t.id = row.id));
    end if;
    perform logic.refuse_unreviewed(row);
    blockers := array(select k.blocked_by_ticket_id from ticket_blockers k where k.ticket_id = row.id order by 1);
    if cardinality(blockers) > 0 then
        return jsonb_build_object('success', false, 'ticket_id', tid, 'old_status', row.status, 'new_status', row.status,
            'message', format('TKT-%s is blocked by %s; resolve those first.', row.number,
                (select string_agg('TKT-' || t.number, ', ' order by t.number) from tickets t where t.id = any (blockers))),
            'blocked', true, 'blocking_ticket_ids', blockers, 'version', row.version);
    end if;
    select c.category into old_category from board_columns c where c.workflow_id = workflow and c.id = row.status;
    if old_category = 'done' and new_category <> 'done' and not board.allow_reopen then
        perform logic.fail('CB008', format('This board does not let tickets leave %s.', row.status));
    end if;
    if exists (select from board_transitions x where x.workflow_id = workflow)
       and not exists (select from board_transitions x where x.workflow_id = workflow and x.from_status = row.status and x.to_status = new_status) then
        allowed := (select string_agg(x.to_status, ', ' order by x.to_status) from board_transitions x
                     where x.workflow_id = workflow and x.from_status = row.status);
        perform logic.fail('CB006', format('A ticket in %s cannot move to %s; it can move to %s.', row.status, new_status, coalesce(allowed, 'no other column')),
            jsonb_build_object('old_status', row.status, 'new_status', new_status));
    end if;
    comment := nullif(logic.trimmed(comment), '');
    if board.require_comments_on_status_change and char_length(coalesce(comment, '')) < 10 then
        perform logic.invalid('comment', 'must have at least 10 characters: this board asks for the reason of a move');
    end if;
    if board.wip_policy <> 'refuse' then
        warning := logic.check_wip(workflow, new_status);
    end if;

    update tickets t set status = new_status,
        rank = coalesce(logic.rank_beside(row, new_status, before, after), logic.rank_at_end(row.number))
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
    tid text := logic.find_ticket(caller, ticket, 'member');
    row tickets;
    new_rank text;
begin
    row := logic.lock_ticket(tid);
    perform logic.require_open(row.workflow_id);
    if before is null and after is null then
        perform logic.invalid('before', 'or after must be given');
    end if;
    if before is not null and after is not null then
        perform logic.invalid('after', 'must not be given beside before');
    end if;
    if coalesce(before, after) = tid then
        perform logic.invalid(case when before is null then 'after' else 'before' end, 'must name another ticket');
    end if;
    new_rank := logic.rank_beside(row, row.status, before, after);
    if new_rank is null then
        perform logic.invalid(case when before is null then 'after' else 'before' end, 'must name a ticket of the same column');
    end if;
    update tickets t set rank = new_rank where t.id = row.id;
    return jsonb_build_object('success', true, 'ticket_id', tid, 'rank', new_rank, 'message', format('Reordered TKT-%s.', row.number));
end
$$;

-- POST /api/tickets/resolve: to the board's first done column (unless it stands in one), with a comment.
-- The trigger of tickets releases what it blocked; the released tickets are answered.
create function logic.resolve_ticket(
    caller text, ticket text, resolution_comment text, commit_sha text default null, git jsonb default null
) returns jsonb language plpgsql as $$
declare
    tid text := logic.find_ticket(caller, ticket, 'member');
    who logic.principal := logic.identify(caller);
    workflow text := (select t.workflow_id from tickets t where t.id = tid);
    row tickets;
    blockers text[];
    dependents text[];
    done_column text;
begin
    perform logic.require_open(workflow);
    if char_length(logic.trimmed(coalesce(resolution_comment, ''))) < 10 then
        perform logic.invalid('resolution_comment', 'must have at least 10 characters');
    end if;
    -- Several tickets change: the stream comes first.
    perform logic.lock_stream(workflow);
    row := logic.lock_ticket(tid);
    blockers := array(select k.blocked_by_ticket_id from ticket_blockers k where k.ticket_id = row.id order by 1);
    if cardinality(blockers) > 0 then
        perform logic.fail('CB001', format('TKT-%s is blocked by %s; resolve those first.', row.number,
                (select string_agg('TKT-' || t.number, ', ' order by t.number) from tickets t where t.id = any (blockers))),
            jsonb_build_object('blocked', true, 'blocking_ticket_ids', blockers));
    end if;
    dependents := array(select k.ticket_id from ticket_blockers k where k.blocked_by_ticket_id = row.id order by 1);
    done_column := (
        select c.id from board_columns c where c.workflow_id = workflow and c.category = 'done'
         order by c.id <> row.status, c.position, c.id limit 1);
    if row.is_resolved and row.status is not distinct from coalesce(done_column, row.status) then
        return jsonb_build_object('success', true, 'ticket_id', tid, 'message', format('TKT-%s is resolved already.', row.number),
            'unblocked_tickets', '[]'::jsonb, 'status', row.status, 'version', row.version);
    end if;
    perform logic.refuse_unreviewed(row);
    update tickets t set
        status = coalesce(done_column, t.status),
        rank = case when done_column is distinct from t.status and done_column is not null then logic.rank_at_end(t.number) else t.rank end,
        is_resolved = true, resolved_at = coalesce(t.resolved_at, clock_timestamp()), completed_at = coalesce(t.completed_at, clock_timestamp())
     where t.id = row.id;
    perform logic.insert_comment(who, tid, workflow, resolution_comment, 'resolution', field => 'resolution_comment');
    if commit_sha is not null then
        perform logic.insert_commit(who, tid, workflow, commit_sha, git);
    end if;
    return jsonb_build_object('success', true, 'ticket_id', tid,
        'message', concat_ws(' ', format('Resolved TKT-%s.', row.number),
            case cardinality(dependents) when 0 then null when 1 then 'One ticket is no longer blocked by it.'
                else format('%s tickets are no longer blocked by it.', cardinality(dependents)) end),
        'unblocked_tickets', dependents, 'status', coalesce(done_column, row.status),
        'version', (select t.version from tickets t where t.id = row.id));
end
$$;

-- POST /api/tickets/claim: takes the first ready ticket (unblocked, unassigned, in a todo column; by
-- priority, then order), assigns it to the caller and moves it to the first active column with room.
-- Concurrent callers get different tickets. Without one, `ticket` is null.
create function logic.claim_ticket(
    caller text, workflow text, ticket_types text[] default null, tags text[] default null, priorities text[] default null
) returns jsonb language plpgsql as $$
declare
    who logic.principal := logic.authorize(caller, workflow, 'member');
    target text;
    picked tickets;
begin
    perform logic.require_open(workflow);
    -- The WIP limit is a promise here whatever the policy: a full board hands out no work.
    select c.id into target from board_columns c
     where c.workflow_id = workflow and c.category = 'active' order by c.position, c.id limit 1;
    if target is not null then
        perform 1 from board_columns c where c.workflow_id = workflow and c.id = target and c.wip_limit is not null for no key update;
        if (select c.wip_limit <= (select count(*) from tickets t where t.workflow_id = c.workflow_id and t.status = c.id and logic.is_live(t))
              from board_columns c where c.workflow_id = workflow and c.id = target) then
            return jsonb_build_object('success', true, 'ticket_id', null, 'ticket', null,
                'message', format('The column %s is full; finish something first.', target));
        end if;
    end if;
    select t.* into picked
      from tickets t
      join board_columns c on c.workflow_id = t.workflow_id and c.id = t.status and c.category = 'todo'
     where t.workflow_id = claim_ticket.workflow and logic.is_live(t) and t.assigned_agent_id is null and not t.is_resolved
       and coalesce(t.approval_status, 'approved') = 'approved'
       and not exists (select from ticket_blockers k where k.ticket_id = t.id)
       and (ticket_types is null or t.ticket_type = any (ticket_types))
       and (claim_ticket.tags is null or t.tags && claim_ticket.tags)
       and (priorities is null or t.priority = any (priorities))
     order by array_position('{critical,high,medium,low}', t.priority), c.position desc, t.rank, t.number
     limit 1
       for no key update of t skip locked;
    if picked.id is null then
        return jsonb_build_object('success', true, 'ticket_id', null, 'ticket', null, 'message', 'No ticket is ready.');
    end if;
    update tickets t set assigned_agent_id = logic.acting(who), status = coalesce(target, t.status),
        rank = case when target is null then t.rank else logic.rank_at_end(t.number) end
     where t.id = picked.id;
    return jsonb_build_object('success', true, 'ticket_id', picked.id, 'message', format('Claimed TKT-%s.', picked.number),
        'ticket', (select to_jsonb(c) || jsonb_build_object('description', picked.description) from logic.cards c where c.ticket_id = picked.id));
end
$$;

-- POST /api/tickets/bulk-update: the same change for up to 500 tickets of a workflow, in one transaction.
-- A ticket that may not move (blocked) is reported and the others go on; any other refusal refuses all.
create function logic.bulk_update(
    caller text, workflow text, ticket_ids text[], updates jsonb default null, new_status text default null, comment text default null
) returns jsonb language plpgsql as $$
declare
    ids text[];
    one text;
    step jsonb;
    results jsonb := '[]';
begin
    perform logic.authorize(caller, workflow, 'member');
    if coalesce(cardinality(ticket_ids), 0) not between 1 and 500 then
        perform logic.invalid('ticket_ids', 'must list 1 to 500 tickets');
    end if;
    if coalesce(updates, '{}') = '{}' and new_status is null then
        perform logic.invalid('updates', 'or new_status must be given');
    end if;
    ids := logic.resolve_ids(workflow, 'ticket_ids', ticket_ids);
    perform logic.lock_stream(workflow);
    perform 1 from tickets t where t.id = any (ids) order by t.id for no key update;
    foreach one in array ids loop
        step := jsonb_build_object('ticket_id', one, 'success', true);
        if coalesce(updates, '{}') <> '{}' then
            step := step || (logic.update_ticket(caller, one, updates) - 'message' - 'embedding_updated');
        end if;
        if new_status is not null then
            step := step || logic.change_status(caller, one, new_status, comment);
        end if;
        results := results || step;
    end loop;
    return jsonb_build_object('success', true, 'results', results,
        'updated', (select count(*) from jsonb_array_elements(results) r where (r ->> 'success')::boolean),
        'message', format('Updated %s of %s tickets.',
            (select count(*) from jsonb_array_elements(results) r where (r ->> 'success')::boolean), cardinality(ids)));
end
$$;
