-- What clients call columns, ticket types and assignees: ids, or the names that boards show.

-- The columns of a board that a text names: the one with that id, else those whose id or name differs from it in case,
-- spaces, hyphens and underscores only.
create function logic.find_columns(workflow text, named text) returns text[] language sql stable
begin atomic
    select coalesce(array_agg(c.id order by c.position, c.id), '{}')
      from board_columns c
     where c.workflow_id = find_columns.workflow
       and case when exists (select from board_columns x where x.workflow_id = find_columns.workflow and x.id = named) then c.id = named
                else logic.plain_name(named) in (logic.plain_name(c.id), logic.plain_name(c.name)) end;
end;

-- The id of the column that a client names; rejects a text that names none or several.
create function logic.require_column(workflow text, named text, field text) returns text language plpgsql stable as $$
declare
    ids constant text[] := logic.find_columns(workflow, named);
begin
    if cardinality(ids) > 1 then
        perform logic.fail_invalid(field, format('must be the id of a column, because several are called %s: %s', left(named, 200),
            array_to_string(ids, ', ')));
    elsif cardinality(ids) = 0 then
        perform logic.fail_unknown_status(workflow, named, field);
    end if;
    return ids[1];
end
$$;

-- The id of the ticket type, of those of a board, that a text names in the same way; else the text.
create function logic.find_ticket_type(types jsonb, named text) returns text language sql immutable
begin atomic
    select coalesce((
        select x ->> 'id' from jsonb_array_elements(types) x
         where x ->> 'id' = named or logic.plain_name(named) in (logic.plain_name(x ->> 'id'), logic.plain_name(x ->> 'name'))
         order by x ->> 'id' = named desc, logic.plain_name(x ->> 'id') = logic.plain_name(named) desc, x ->> 'id' limit 1), named);
end;

-- Filters (status[], ticket_type[], assigned_agent_id, milestone_id) with ids in the place of names; rejects what the workflow does not
-- have, where a list would only be empty. `me` is the caller.
create function logic.find_filter_names(caller text, workflow text, filters jsonb) returns jsonb language plpgsql as $$
declare
    who constant logic.principal := logic.authorize(caller, workflow, 'viewer');
    me constant text := logic.effective_actor_id(who);
    named constant text := filters ->> 'assigned_agent_id';
    types constant jsonb := (select b.ticket_types from boards b where b.workflow_id = workflow);
    assignee text;
    type text;
begin
    if filters ? 'status' then
        filters := filters || jsonb_build_object('status', (
            select coalesce(jsonb_agg(logic.require_column(workflow, s, 'status')), '[]') from jsonb_array_elements_text(filters -> 'status') s));
    end if;
    if filters ? 'ticket_type' then
        filters := filters || jsonb_build_object('ticket_type', (
            select coalesce(jsonb_agg(logic.find_ticket_type(types, t)), '[]') from jsonb_array_elements_text(filters -> 'ticket_type') t));
        foreach type in array logic.json_text_array(filters -> 'ticket_type') loop
            perform logic.check_ticket_type(workflow, type);
        end loop;
    end if;
    if not logic.is_blank(filters ->> 'milestone_id') then
        filters := filters || jsonb_build_object('milestone_id', logic.require_milestone(workflow, 'milestone_id', filters ->> 'milestone_id'));
    end if;
    if named is not null then
        assignee := coalesce(logic.find_assignee(workflow, named), case when named = me or lower(named) = 'me' then me end);
        if assignee is null and exists (
            select from tickets t where t.workflow_id = find_filter_names.workflow and t.assigned_agent_id = named and t.deleted_at is null) then
            assignee := named;
        elsif assignee is null then
            perform logic.fail_unknown_assignee(workflow, named);
        end if;
        filters := filters || jsonb_build_object('assigned_agent_id', assignee);
    end if;
    return filters;
end
$$;
