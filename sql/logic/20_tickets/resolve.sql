-- Resolving a ticket.

-- POST /api/tickets/resolve: to the board's first done column (unless it stands in one), with a comment.
-- The trigger of tickets releases what it blocked; the released tickets are answered.
create function logic.resolve_ticket(
    caller text, ticket text, resolution_comment text, commit_sha text default null, git jsonb default null
) returns jsonb language plpgsql as $$
declare
    tid text := logic.authorize_ticket(caller, ticket, 'member');
    who logic.principal := logic.identify_caller(caller);
    workflow text := (select t.workflow_id from tickets t where t.id = tid);
    row tickets;
    blockers text[];
    dependents text[];
    done_column text;
begin
    perform logic.require_open_workflow(workflow);
    if char_length(logic.trim_whitespace(coalesce(resolution_comment, ''))) < 10 then
        perform logic.fail_invalid('resolution_comment', 'must have at least 10 characters');
    end if;
    -- Several tickets change: the stream comes first.
    perform logic.lock_workflow_stream(workflow);
    row := logic.lock_ticket(tid);
    blockers := array(select k.blocked_by_ticket_id from ticket_blockers k where k.ticket_id = row.id order by 1);
    if cardinality(blockers) > 0 then
        perform logic.fail('blocked', format('TKT-%s is blocked by %s; resolve those first.', row.number,
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
    perform logic.require_reviewed(row);
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
