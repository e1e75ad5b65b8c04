-- Creating, changing and deleting milestones.

-- How many milestones a workflow has at most: boards hold all of them.
create function logic.max_milestones() returns int language sql immutable parallel safe begin atomic select 300; end;

-- Rejects a milestone that breaks a rule, before it is stored.
create function logic.check_milestone(milestone milestones) returns void language plpgsql stable as $$
begin
    if char_length(coalesce(milestone.name, '')) not between 1 and 200 then
        perform logic.fail_invalid('name', 'must have 1 to 200 characters');
    end if;
    perform logic.check_visible('name', milestone.name);
    if milestone.name ~ '[\n\r\t]' then
        perform logic.fail_invalid('name', 'must be one line');
    end if;
    if char_length(milestone.description) > 2000 then
        perform logic.fail_invalid('description', 'must have at most 2000 characters');
    end if;
    if milestone.starts_on > milestone.due_on then
        perform logic.fail_invalid('due_on', format('must not be before starts_on, which is %s', milestone.starts_on));
    end if;
    if exists (select from milestones m where m.workflow_id = milestone.workflow_id and m.id <> milestone.id and lower(m.name) = lower(milestone.name)) then
        perform logic.fail('conflict', format('There is a milestone called %s already.', milestone.name), jsonb_build_object('field', 'name'));
    end if;
end
$$;

-- POST /api/workflows/{id}/milestones
create function logic.create_milestone(
    caller text, workflow text, name text, description text default null, starts_on text default null, due_on text default null
) returns jsonb language plpgsql as $$
declare
    who constant logic.principal := logic.authorize(caller, workflow, 'member');
    made milestones;
begin
    perform logic.require_unarchived_workflow(workflow);
    -- Serializes counting, comparing names and inserting.
    perform logic.lock_workflow_stream(workflow);
    made.id := logic.new_id('milestone');
    made.workflow_id := workflow;
    made.name := logic.trim_whitespace(create_milestone.name);
    made.description := coalesce(create_milestone.description, '');
    made.starts_on := logic.parse_day('starts_on', create_milestone.starts_on);
    made.due_on := logic.parse_day('due_on', create_milestone.due_on);
    made.created_by := logic.effective_actor_id(who);
    made.created_at := clock_timestamp();
    made.updated_at := made.created_at;
    perform logic.check_milestone(made);
    if (select count(*) from milestones m where m.workflow_id = workflow) >= logic.max_milestones() then
        perform logic.fail('conflict', format('A workflow has at most %s milestones; delete one first.', logic.max_milestones()));
    end if;
    insert into milestones select made.*;
    return logic.milestone_json(made);
end
$$;

-- PATCH /api/milestones/{id}: sets the fields that `changes` names: name, description, starts_on, due_on (null: none) and
-- is_closed. A rename concerns no ticket, because tickets refer to the id.
create function logic.update_milestone(caller text, milestone text, changes jsonb) returns jsonb language plpgsql as $$
declare
    access constant logic.milestone_access := logic.authorize_milestone(caller, milestone, 'member', true);
    row constant milestones := access.milestone;
    wanted milestones := access.milestone;
begin
    wanted.name := logic.trim_whitespace(coalesce(changes ->> 'name', row.name));
    wanted.description := coalesce(changes ->> 'description', row.description);
    if changes ? 'starts_on' then
        wanted.starts_on := logic.parse_day('starts_on', changes ->> 'starts_on');
    end if;
    if changes ? 'due_on' then
        wanted.due_on := logic.parse_day('due_on', changes ->> 'due_on');
    end if;
    if (changes ->> 'is_closed')::boolean then
        wanted.closed_at := coalesce(row.closed_at, clock_timestamp());
    elsif not (changes ->> 'is_closed')::boolean then
        wanted.closed_at := null;
    end if;
    perform logic.check_milestone(wanted);
    if wanted is distinct from row then
        update milestones m set name = wanted.name, description = wanted.description, starts_on = wanted.starts_on,
               due_on = wanted.due_on, closed_at = wanted.closed_at
         where m.id = row.id
        returning m.* into wanted;
    end if;
    return logic.milestone_json(wanted);
end
$$;

-- DELETE /api/milestones/{id}: takes its tickets, also deleted and merged ones, out of it, each with an event, and deletes it. To
-- keep it for later, it is closed instead.
create function logic.delete_milestone(caller text, milestone text) returns jsonb language plpgsql as $$
declare
    access constant logic.milestone_access := logic.authorize_milestone(caller, milestone, 'owner', true);
    row constant milestones := access.milestone;
    taken bigint;
begin
    perform 1 from tickets t where t.milestone_id = row.id order by t.id for no key update;
    -- The milestone is still there, so that their events name it.
    update tickets t set milestone_id = null where t.milestone_id = row.id;
    get diagnostics taken = row_count;
    delete from milestones m where m.id = row.id;
    return jsonb_build_object('success', true, 'milestone_id', row.id, 'tickets', taken,
        'message', format('Deleted the milestone %s%s.', row.name,
            case taken when 0 then '' when 1 then '; one ticket was in it' else format('; %s tickets were in it', taken) end));
end
$$;
