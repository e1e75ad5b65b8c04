-- Events that external programs report about a ticket: POST /api/internal/ticket-event.

-- A reported activity as answers and events show it.
create function logic.activity_json(activity ticket_activities) returns jsonb language sql stable
begin atomic
    select jsonb_strip_nulls(jsonb_build_object('activity_id', activity.id, 'event', activity.event,
            'ticket_id', activity.ticket_id, 'state', activity.state, 'phase', activity.phase, 'message', activity.message,
            'category', activity.category, 'prUrl', activity.pr_url, 'pr_url', activity.pr_url, 'branch', activity.branch,
            'actor_id', activity.subject, 'notice', activity.notice, 'created_at', activity.created_at,
            'moved', case when activity.event = 'state_change' then false end,
            'status', case when activity.event = 'state_change' then (select t.status from tickets t where t.id = activity.ticket_id) end))
        || jsonb_build_object('metadata', activity.metadata);
end;

-- `payload` is the whole request; unknown fields are kept in the activity's metadata. A state moves the ticket to the
-- column it means. If there is none, or the board's rules forbid the move, the ticket stays, `notice` gives the
-- reason, and the state is recorded anyway: a program does not fail because of a board.
create function logic.record_ticket_event(caller text, ticket text, event text, payload jsonb) returns jsonb language plpgsql as $$
declare
    access constant logic.ticket_access := logic.authorize_ticket_by_key(caller, ticket, 'member');
    who constant logic.principal := access.who;
    tid constant text := access.ticket_id;
    held tickets;
    known constant text[] := '{ticketId,ticket_id,event,state,phase,message,category,prUrl,pr_url,branch,actorId,actor_id,metadata}';
    activity ticket_activities;
    moved boolean := false;
    recorded boolean := false;
    notice text;
begin
    select t.* into held from tickets t where t.id = tid;
    perform logic.require_open_workflow(held.workflow_id);
    if event is null or event not in ('state_change', 'progress', 'pr_created', 'activity') then
        perform logic.fail_invalid('event', 'must be one of state_change, progress, pr_created, activity');
    end if;
    activity.id := logic.new_id('activity');
    activity.ticket_id := tid;
    activity.workflow_id := held.workflow_id;
    activity.event := event;
    activity.state := nullif(logic.trim_whitespace(payload ->> 'state'), '');
    activity.phase := nullif(logic.trim_whitespace(payload ->> 'phase'), '');
    activity.message := nullif(payload ->> 'message', '');
    activity.category := nullif(logic.trim_whitespace(payload ->> 'category'), '');
    activity.pr_url := nullif(logic.trim_whitespace(coalesce(payload ->> 'prUrl', payload ->> 'pr_url')), '');
    activity.branch := nullif(payload ->> 'branch', '');
    activity.subject := nullif(logic.trim_whitespace(coalesce(payload ->> 'actorId', payload ->> 'actor_id')), '');
    -- Unknown fields; an activity's own metadata replaces them.
    activity.metadata := case when event = 'activity' and jsonb_typeof(payload -> 'metadata') = 'object' then payload -> 'metadata'
        else (payload - known) || case when payload ? 'metadata' and payload -> 'metadata' <> 'null' then jsonb_build_object('metadata', payload -> 'metadata') else '{}' end end;
    activity.agent_id := logic.effective_actor_id(who);
    activity.created_at := clock_timestamp();
    perform logic.check_ticket_activity(activity);
    if event = 'state_change' then
        select s.moved, s.recorded, s.notice into moved, recorded, notice from logic.apply_reported_state(caller, who, held, activity) s;
        activity.notice := notice;
    end if;
    if not recorded then
        insert into ticket_activities select activity.*;
    end if;
    return jsonb_build_object('success', true, 'event', event, 'ticketId', tid, 'ticket_id', tid)
        || case when event = 'state_change' then jsonb_build_object('state', activity.state, 'moved', moved,
                'status', (select t.status from tickets t where t.id = tid), 'notice', notice) else '{}' end;
end
$$;

-- Rejects an activity that breaks a rule, naming the field as clients send it.
create function logic.check_ticket_activity(activity ticket_activities) returns void language plpgsql immutable as $$
begin
    if activity.event = 'state_change' and activity.state is null then
        perform logic.fail_invalid('state', 'is required');
    elsif activity.event = 'progress' and coalesce(activity.phase, activity.message) is null then
        perform logic.fail_invalid('phase', 'or message must be given');
    elsif activity.event = 'pr_created' and activity.pr_url is null then
        perform logic.fail_invalid('prUrl', 'is required');
    elsif activity.event = 'activity' and activity.message is null then
        perform logic.fail_invalid('message', 'is required');
    elsif char_length(activity.state) > 100 then
        perform logic.fail_invalid('state', 'must have at most 100 characters');
    elsif char_length(activity.phase) > 200 then
        perform logic.fail_invalid('phase', 'must have at most 200 characters');
    elsif char_length(activity.message) > 10000 then
        perform logic.fail_invalid('message', 'must have at most 10000 characters');
    elsif char_length(activity.category) > 100 then
        perform logic.fail_invalid('category', 'must have at most 100 characters');
    elsif activity.pr_url !~ '^https?://' or char_length(activity.pr_url) > 2000 then
        perform logic.fail_invalid('prUrl', 'must be an http or https address of at most 2000 characters');
    elsif char_length(activity.branch) > 500 then
        perform logic.fail_invalid('branch', 'must have at most 500 characters');
    elsif char_length(activity.subject) > 200 then
        perform logic.fail_invalid('actorId', 'must have at most 200 characters');
    elsif octet_length(activity.metadata::text) > 32768 then
        perform logic.fail_invalid('metadata', 'and the unknown fields must have at most 32 KiB of JSON together');
    end if;
end
$$;

-- Moves the ticket to the column that a state means, or sets the assignee of an assigned ticket. `recorded` is true if
-- the ticket's own event carries the report (`reported`), so that no activity is needed.
create function logic.apply_reported_state(
    caller text, who logic.principal, held tickets, activity ticket_activities, out moved boolean, out recorded boolean, out notice text
) language plpgsql as $$
declare
    assigning constant boolean := lower(activity.state) in ('assigned', 'claimed');
    target constant text := logic.find_column_for_word(held.workflow_id, activity.state, held.status);
    assignee text := coalesce(activity.metadata ->> 'assigneeId', activity.metadata ->> 'assignee_id', activity.metadata ->> 'agentId',
        activity.metadata ->> 'agent_id', logic.effective_actor_id(who));
    answer jsonb;
begin
    moved := false;
    recorded := false;
    perform set_config('callboard.reported', (jsonb_strip_nulls(jsonb_build_object('state', activity.state, 'phase', activity.phase,
        'message', activity.message)) || (activity.metadata - '{state,phase,message}'::text[]))::text, true);
    begin
        if assigning and target is null then
            if assignee is distinct from held.assigned_agent_id then
                assignee := logic.ensure_assignee(who, held.workflow_id, assignee);
                held := logic.lock_ticket(held.id);
                perform logic.require_reviewed(held);
                update tickets t set assigned_agent_id = assignee where t.id = held.id and t.assigned_agent_id is distinct from assignee;
                recorded := found;
            end if;
        elsif target is null then
            notice := format('This board has no column for the state %s.', activity.state);
        elsif target <> held.status then
            answer := logic.change_status(caller, held.id, target, case
                when (select b.require_comments_on_status_change from boards b where b.workflow_id = held.workflow_id)
                then concat_ws(': ', format('Reported as %s', activity.state), activity.message) end);
            moved := (answer ->> 'success')::boolean and answer -> 'old_status' <> answer -> 'new_status';
            recorded := moved;
            notice := case when not (answer ->> 'success')::boolean then answer ->> 'message' end;
        end if;
    exception when others then
        if not logic.is_error(sqlstate) then
            raise;
        end if;
        notice := sqlerrm;
    end;
    perform set_config('callboard.reported', '', true);
end
$$;
