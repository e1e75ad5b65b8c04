-- Milestones: what a workflow plans to have done by a day, such as a release or a sprint.

-- A milestone as events, snapshots and answers show it; answers add how far it is.
create function logic.milestone_event_json(milestone milestones) returns jsonb language sql immutable
begin atomic
    select jsonb_build_object('milestone_id', milestone.id, 'workflow_id', milestone.workflow_id, 'name', milestone.name,
        'description', milestone.description, 'starts_on', milestone.starts_on, 'due_on', milestone.due_on,
        'is_closed', milestone.closed_at is not null, 'closed_at', milestone.closed_at,
        'created_by', milestone.created_by, 'created_at', milestone.created_at, 'updated_at', milestone.updated_at);
end;

-- The same with the tickets that are in it now and how many of them are resolved, with their story points.
create function logic.milestone_json(milestone milestones) returns jsonb language sql stable
begin atomic
    select logic.milestone_event_json(milestone) || jsonb_build_object(
        'is_overdue', milestone.closed_at is null and coalesce(milestone.due_on < (now() at time zone w.time_zone)::date, false),
        'ticket_count', n.tickets, 'resolved_count', n.resolved,
        'story_points', n.points, 'resolved_points', n.resolved_points)
      from workflows w
     cross join lateral (
            select count(*) as tickets, count(*) filter (where t.is_resolved) as resolved, coalesce(sum(t.story_points), 0) as points,
                   coalesce(sum(t.story_points) filter (where t.is_resolved), 0) as resolved_points
              from tickets t where t.milestone_id = milestone.id and logic.is_live(t)) n
     where w.id = milestone.workflow_id;
end;

-- A short reference to a milestone inside a ticket.
create function logic.milestone_reference_json(id text) returns jsonb language sql stable
begin atomic
    select jsonb_build_object('milestone_id', m.id, 'name', m.name, 'due_on', m.due_on, 'is_closed', m.closed_at is not null)
      from milestones m where m.id = milestone_reference_json.id;
end;

-- The milestones of a board, without their descriptions. The order is that of their creation.
create function logic.board_milestones_json(workflow text) returns jsonb language sql stable
begin atomic
    select coalesce(jsonb_agg(logic.milestone_event_json(m) - 'description' order by m.id), '[]')
      from milestones m where m.workflow_id = board_milestones_json.workflow;
end;

-- The milestones of a workflow that a text names: the one with that id, else with that name, else those whose name differs in
-- case, spaces, hyphens and underscores only.
create function logic.find_milestones(workflow text, named text) returns text[] language sql stable
begin atomic
    select coalesce(array_agg(f.id order by f.id) filter (where f.closeness = f.closest), '{}')
      from (select m.id, c.closeness, min(c.closeness) over () as closest
              from milestones m
             cross join lateral (select case when m.id = named then 1
                                             when lower(m.name) = lower(logic.trim_whitespace(named)) then 2
                                             when logic.plain_name(m.name) = logic.plain_name(named) then 3 end as closeness) c
             where m.workflow_id = find_milestones.workflow and c.closeness is not null) f;
end;

-- The id of the milestone that a client names; rejects a text that names none or several. Those of other workflows look absent.
create function logic.require_milestone(workflow text, field text, named text) returns text language plpgsql stable as $$
declare
    ids constant text[] := logic.find_milestones(workflow, named);
    known text;
begin
    if cardinality(ids) = 1 then
        return ids[1];
    elsif cardinality(ids) > 1 then
        perform logic.fail_invalid(field, format('must be the id of a milestone, because several are called %s: %s', left(named, 200),
            array_to_string(ids, ', ')));
    end if;
    known := (select string_agg(n.name, ', ' order by n.due_on, n.name)
                from (select m.name, m.due_on from milestones m
                       where m.workflow_id = workflow and m.closed_at is null order by m.due_on, m.name limit 20) n);
    perform logic.fail_invalid(field, format('must name a milestone of the workflow; none is called %s; %s', left(named, 200),
        coalesce('the open ones are ' || known, 'none is open')));
    return null;
end
$$;

-- The caller that was checked, and the milestone as it was read (or locked).
create type logic.milestone_access as (who logic.principal, milestone milestones);

-- The milestone, if the caller has the role in its workflow. `lock_row` locks the workflow's stream first, which serializes
-- changes of milestones, and reads the milestone after it.
create function logic.authorize_milestone(caller text, milestone text, required text, lock_row boolean default false)
returns logic.milestone_access language plpgsql as $$
declare
    access logic.milestone_access;
    kept milestones;
begin
    select * into kept from milestones m where m.id = milestone;
    access.who := logic.authorize(caller, kept.workflow_id, required, 'milestone ' || milestone);
    if lock_row then
        perform logic.require_unarchived_workflow(kept.workflow_id);
        perform logic.lock_workflow_stream(kept.workflow_id);
        select * into kept from milestones m where m.id = milestone;
        if kept.id is null then
            perform logic.fail('not_found', format('There is no milestone %s.', milestone));
        end if;
    end if;
    access.milestone := kept;
    return access;
end
$$;

-- GET /api/workflows/{id}/milestones: open ones first, those that are due first, then by name. There are at most
-- logic.max_milestones, so there is one page.
create function logic.list_milestones(caller text, workflow text, include_closed boolean default true) returns jsonb language plpgsql as $$
begin
    perform logic.authorize(caller, workflow, 'viewer');
    return jsonb_build_object('milestones', coalesce((
        select jsonb_agg(logic.milestone_json(m) order by m.closed_at is not null, m.due_on, lower(m.name), m.id)
          from milestones m
         where m.workflow_id = list_milestones.workflow and (include_closed or m.closed_at is null)), '[]'));
end
$$;

-- GET /api/milestones/{id}
create function logic.get_milestone(caller text, milestone text) returns jsonb language plpgsql as $$
begin
    return logic.milestone_json((logic.authorize_milestone(caller, milestone, 'viewer')).milestone);
end
$$;
