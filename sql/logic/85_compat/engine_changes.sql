-- What engines with an address of their own, their dashboard and their workers change.

-- The column for a state: one that stands for it, else one that the word means, else the nearest; null for an unknown word.
create function logic.engine_column(ticket tickets, state text) returns text language plpgsql stable as $$
declare
    place constant text := ticket.workflow_id;
    here constant text := ticket.status;
begin
    return coalesce(
        (select c.id from board_columns c
          where c.workflow_id = place and logic.engine_column_state(c.id, c.category) = engine_column.state
          order by c.id = here desc, c.position, c.id limit 1),
        logic.find_column_for_word(place, state, here),
        case when state in ('blocked', 'on_hold', 'assigned', 'needs_review') then here
             when state = 'draft' then logic.find_column_for_word(place, 'ready', here)
             when state in ('verifying', 'in_review', 'changes_requested') then logic.find_column_for_word(place, 'in_progress', here)
             when state = 'cancelled' then logic.find_column_for_word(place, 'done', here) end);
end
$$;

-- Keeps the word for a state that the ticket's column does not express, until the ticket moves.
create function logic.keep_engine_state(caller text, ticket text, state text) returns void language plpgsql as $$
declare
    meant constant text := (select s.meant from logic.engine_ticket_states s where s.ticket_id = ticket);
begin
    -- What blocks a ticket is stronger than a word.
    perform logic.set_custom_fields(caller, ticket, jsonb_build_object('engine_state', case when meant not in (state, 'blocked') then state end));
end
$$;

-- Puts a ticket into a state. Blockers, transitions and limits hold as for every move.
create function logic.set_engine_state(caller text, ticket text, state text) returns void language plpgsql as $$
declare
    held tickets;
    word constant text := lower(regexp_replace(logic.trim_whitespace(state), '[ -]+', '_', 'g'));
    target text;
    answer jsonb;
begin
    select t.* into held from tickets t where t.id = ticket;
    target := logic.engine_column(held, word);
    if target is null then
        perform logic.fail_invalid('state', format('must be one of %s, or a column of the board', array_to_string(logic.engine_states(), ', ')));
    end if;
    if target <> held.status then
        answer := logic.change_status(caller, held.id, target, case
            when (select b.require_comments_on_status_change from boards b where b.workflow_id = held.workflow_id)
            then format('Set to the state %s.', word) end);
        if not (answer ->> 'success')::boolean then
            perform logic.fail('blocked', answer ->> 'message',
                jsonb_build_object('blocked', true, 'blocking_ticket_ids', answer -> 'blocking_ticket_ids'));
        end if;
    end if;
    if word = any (logic.engine_states()) then
        perform logic.keep_engine_state(caller, held.id, word);
    end if;
    perform logic.end_engine_claim(held.id);
end
$$;

-- Queues a job of the type `queue_type` for a ticket that is ready, unless it has one.
create function logic.queue_engine_ticket(caller text, ticket text, queue_type text) returns void language plpgsql as $$
begin
    if queue_type is not null and logic.engine_state(ticket) = 'ready' then
        perform logic.queue_ticket_job(caller, ticket, queue_type);
    end if;
end
$$;

-- A description as it is stored: one that is too short is completed with the title.
create function logic.engine_description(title text, description text) returns text language sql immutable
begin atomic
    select case when logic.is_blank(description) then ''
                when logic.content_length(description) < 10 then format(E'%s\n\nWork on: %s', logic.trim_whitespace(description), title)
                else description end;
end;

-- The workflow of a new ticket that names no project: the caller's default, else the newest in which it writes.
create function logic.engine_default_project(caller text) returns text language plpgsql as $$
declare
    who constant logic.principal := logic.identify_caller(caller);
begin
    return coalesce(logic.default_workflow_of(who), (
        select w.id from workflow_members m join workflows w on w.id = m.workflow_id and w.archived_at is null
         where m.actor_id = who.actor_id and m.role <> 'viewer' order by w.created_at desc, w.id limit 1),
        logic.ensure_default_workflow(caller));
end
$$;

-- After a sign-in: a workflow for a person without one, because the key of the dashboard may not create any.
create function logic.ensure_engine_project(caller text) returns jsonb language plpgsql as $$
begin
    return to_jsonb(logic.engine_default_project(caller));
end
$$;

-- POST /tickets. `fields` are kept as custom fields.
create function logic.create_engine_ticket(
    caller text, title text, workflow text default null, project text default null, description text default null, state text default null,
    assignee text default null, fields jsonb default '{}', queue_type text default null, parent text default null
) returns jsonb language plpgsql as $$
declare
    made jsonb;
begin
    made := logic.create_ticket(caller, coalesce(project, workflow, logic.engine_default_project(caller)), title,
        logic.engine_description(title, description), assigned_agent_id => assignee, parent_ticket_id => parent,
        custom_fields => jsonb_strip_nulls(fields));
    if state is not null then
        perform logic.set_engine_state(caller, made ->> 'ticket_id', state);
    end if;
    perform logic.queue_engine_ticket(caller, made ->> 'ticket_id', queue_type);
    return logic.get_engine_ticket(caller, made ->> 'ticket_id');
end
$$;

-- PUT and PATCH /tickets/{id}: `updates` as logic.update_ticket takes them, and further fields.
create function logic.update_engine_ticket(
    caller text, ticket text, updates jsonb default '{}', state text default null, fields jsonb default '{}', queue_type text default null,
    project text default null
) returns jsonb language plpgsql as $$
declare
    access constant logic.ticket_access := logic.authorize_ticket_by_key(caller, ticket, 'member');
    tid constant text := access.ticket_id;
begin
    if project <> access.workflow_id then
        perform logic.fail_invalid('project_id', 'cannot change: a ticket stays in its workflow');
    end if;
    if updates ? 'description' then
        updates := updates || jsonb_build_object('description', logic.engine_description(
            coalesce(updates ->> 'title', (select t.title from tickets t where t.id = tid)), updates ->> 'description'));
    end if;
    if updates <> '{}' then
        perform logic.update_ticket(caller, tid, updates);
    end if;
    if fields <> '{}' then
        perform logic.set_custom_fields(caller, tid, fields);
    end if;
    if state is not null then
        perform logic.set_engine_state(caller, tid, state);
        perform logic.queue_engine_ticket(caller, tid, queue_type);
    end if;
    return logic.get_engine_ticket(caller, tid);
end
$$;

-- POST /tickets/{id}/requeue: ready again, without its agent. A last job that ended without success is tried again.
create function logic.requeue_engine_ticket(caller text, ticket text, reason text default null, queue_type text default null) returns jsonb
language plpgsql as $$
declare
    tid constant text := (logic.authorize_ticket_by_key(caller, ticket, 'member')).ticket_id;
    last jobs;
begin
    select j.* into last from jobs j where j.ticket_id = tid and j.deleted_at is null order by j.created_at desc, j.id desc limit 1;
    if last.status in ('failed', 'cancelled') then
        perform logic.retry_job(caller, last.id);
    end if;
    if (select not logic.is_person(t.assigned_agent_id) from tickets t where t.id = tid and t.assigned_agent_id is not null) then
        perform logic.update_ticket(caller, tid, '{"assigned_agent_id": null}');
    end if;
    perform logic.set_engine_state(caller, tid, 'ready');
    perform logic.record_ticket_event(caller, tid, 'activity', jsonb_build_object('category', 'requeued',
        'message', coalesce(nullif(logic.trim_whitespace(reason), ''), 'Requeued.')));
    perform logic.queue_engine_ticket(caller, tid, queue_type);
    return logic.get_engine_ticket(caller, tid);
end
$$;

-- POST /internal/ticket-event: as logic.record_ticket_event. A state that only these clients know is set too, unless the board's
-- rules forbid the move, and the pull request is kept with the ticket.
create function logic.record_engine_event(caller text, ticket text, event text, payload jsonb) returns jsonb language plpgsql as $$
declare
    tid constant text := (logic.authorize_ticket_by_key(caller, ticket, 'member')).ticket_id;
    answer jsonb := logic.record_ticket_event(caller, tid, event, payload);
    word constant text := lower(answer ->> 'state');
begin
    if event = 'state_change' and word = any (logic.engine_states()) and not (answer ->> 'moved')::boolean then
        begin
            perform logic.set_engine_state(caller, tid, word);
        exception when others then
            if not logic.is_error(sqlstate) then
                raise;
            end if;
        end;
        answer := answer || jsonb_build_object('status', (select t.status from tickets t where t.id = tid));
    elsif event = 'state_change' then
        perform logic.end_engine_claim(tid);
    elsif event = 'pr_created' then
        perform logic.set_custom_fields(caller, tid, jsonb_strip_nulls(jsonb_build_object(
            'pr_url', coalesce(payload ->> 'prUrl', payload ->> 'pr_url'), 'branch_name', payload ->> 'branch')));
    end if;
    return answer;
end
$$;

-- The next ticket for an agent, its row locked: one that is assigned to it before the others, then by priority. `wanted` is a state or
-- a column; `ready` is what is ready for anybody or assigned to the agent. Work in another state, such as a review, may still be
-- assigned to the agent that did the work before, but not to a person. What an agent holds by a claim is left to it.
create function logic.lock_next_engine_ticket(workflow text, agent text, wanted text) returns tickets language plpgsql as $$
declare
    picked tickets;
begin
    -- Again if another claim of the same agent was faster: one that finds the ticket assigned already does not change its row.
    for attempt in 1 .. 5 loop
        select t.* into picked
          from board_columns c
          join tickets t on t.workflow_id = c.workflow_id and t.status = c.id
          join logic.engine_ticket_states s on s.ticket_id = t.id
         where c.workflow_id = lock_next_engine_ticket.workflow and c.category <> 'done' and logic.is_live(t) and not t.is_resolved
           and coalesce(t.approval_status, 'approved') = 'approved' and s.meant <> 'blocked'
           and not exists (select from ticket_claims k where k.ticket_id = t.id and coalesce(k.expires_at > clock_timestamp(), true))
           and case when wanted = 'ready' then c.category = 'todo'
                        and (t.assigned_agent_id is null and s.state = 'ready' or t.assigned_agent_id = agent and s.state in ('ready', 'assigned'))
                    else (s.state = wanted or lower(c.id) = wanted)
                        and (t.assigned_agent_id is null or t.assigned_agent_id = agent
                             or wanted not in ('assigned', 'in_progress') and not logic.is_person(t.assigned_agent_id)) end
         order by t.assigned_agent_id is not distinct from agent desc, array_position('{critical,high,medium,low}'::text[], t.priority),
               c.position desc, t.rank, t.number
         limit 1
           for no key update of t skip locked;
        if picked.id is null or not exists (
            select from ticket_claims k where k.ticket_id = picked.id and coalesce(k.expires_at > clock_timestamp(), true)) then
            return picked;
        end if;
    end loop;
    return null;
end
$$;

-- POST /claim: gives the calling agent a ticket with a lease that /tickets/{id}/heartbeat extends, and assigns it; null if there is
-- none. `filter` is the state that it works on, by default `ready`. The ticket moves when its worker says so.
create function logic.claim_engine_ticket(caller text, workflow text, filter text default null) returns jsonb language plpgsql as $$
declare
    place constant text := coalesce(workflow, logic.engine_default_project(caller));
    who constant logic.principal := logic.authorize(caller, place, 'member');
    agent constant text := logic.effective_actor_id(who);
    wanted constant text := coalesce(nullif(lower(logic.trim_whitespace(filter)), ''), 'ready');
    picked tickets;
begin
    perform logic.require_open_workflow(place);
    picked := logic.lock_next_engine_ticket(place, agent, wanted);
    if picked.id is null then
        return 'null';
    end if;
    if picked.assigned_agent_id is distinct from agent then
        perform logic.update_ticket(caller, picked.id, jsonb_build_object('assigned_agent_id', agent));
    end if;
    if wanted = 'ready' and picked.custom_fields ? 'engine_state' then
        perform logic.keep_engine_state(caller, picked.id, 'assigned');
    end if;
    perform logic.insert_ticket_claim(picked, agent, 900);
    return logic.get_engine_ticket(caller, picked.id);
end
$$;

-- Ends the claim of a ticket that was handed over: it waits for somebody else, and must not go back to the queue when the lease ends.
-- An agent that claimed it in this column, to review it, keeps it.
create function logic.end_engine_claim(ticket text) returns void language sql
begin atomic
    delete from ticket_claims c using tickets t
     where c.ticket_id = end_engine_claim.ticket and t.id = c.ticket_id and c.claimed_from <> t.status
       and logic.engine_state(t.id) in ('on_hold', 'in_review', 'changes_requested', 'needs_review', 'done', 'cancelled');
end;

-- POST /tickets/{id}/heartbeat: extends the claim of the calling agent, which reading a ticket does.
create function logic.renew_engine_claim(caller text, ticket text) returns jsonb language plpgsql as $$
declare
    access constant logic.ticket_access := logic.authorize_ticket_by_key(caller, ticket, 'viewer');
    claim constant jsonb := logic.ticket_claim_json(access.ticket_id);
begin
    if claim ->> 'agent_id' is distinct from logic.effective_actor_id(access.who) then
        perform logic.fail('lease_lost', 'The claim of this ticket has ended, or another agent holds it. Stop working on it.',
            jsonb_build_object('ticket_id', access.ticket_id));
    end if;
    return jsonb_build_object('success', true, 'ticket_id', access.ticket_id, 'lease_expires_at', claim -> 'lease_expires_at');
end
$$;

-- POST /complete: work with a pull request goes to review, other work is done.
create function logic.complete_engine_ticket(caller text, ticket text, pr_url text default null, branch text default null) returns jsonb
language plpgsql as $$
declare
    tid constant text := (logic.authorize_ticket_by_key(caller, ticket, 'member')).ticket_id;
begin
    if nullif(pr_url, '') is not null then
        perform logic.record_engine_event(caller, tid, 'pr_created', jsonb_strip_nulls(jsonb_build_object('prUrl', pr_url, 'branch', branch)));
        perform logic.set_engine_state(caller, tid, 'in_review');
    else
        perform logic.set_engine_state(caller, tid, 'done');
    end if;
    return logic.get_engine_ticket(caller, tid);
end
$$;

-- POST /fail: recorded as an error; the ticket is ready again, or waits for a person.
create function logic.fail_engine_ticket(caller text, ticket text, error text, retry boolean, queue_type text default null) returns jsonb
language plpgsql as $$
declare
    tid constant text := (logic.authorize_ticket_by_key(caller, ticket, 'member')).ticket_id;
begin
    perform logic.record_ticket_event(caller, tid, 'activity', jsonb_build_object('category', 'error',
        'message', left(coalesce(nullif(logic.trim_whitespace(error), ''), 'The work failed.'), 10000)));
    if retry then
        return logic.requeue_engine_ticket(caller, tid, 'Requeued after a failure.', queue_type);
    end if;
    perform logic.set_engine_state(caller, tid, 'needs_review');
    return logic.get_engine_ticket(caller, tid);
end
$$;

-- POST /auth/logout: revokes the key that a sign-in to the dashboard made, and no other.
create function logic.end_engine_sign_in(caller text, key_name text) returns jsonb language plpgsql as $$
declare
    who constant logic.principal := logic.identify_caller(caller);
    own constant text := logic.credential_field(caller, 'key');
begin
    if not exists (select from api_keys k where k.id = own and k.actor_id = who.actor_id and k.name = key_name) then
        return 'false';
    end if;
    perform logic.revoke_api_key(caller, own);
    return 'true';
end
$$;
