-- Imports that update: tickets that were imported before take over what their source changed.

-- Carries changes of the source over into tickets that were imported before: text, priority, type, assignee, tags, numbers
-- and column, each of them only if the source changed it since the last import and it did not change here, or changed to
-- the same. What changed in both places is kept as it is here, and counted. Links of known tickets stay as they are.
--
-- Tickets of older imports, of which the values at that time are not known, are kept as a whole if they changed here after
-- the source did; their column changes only if the item's stage is another one.
create function logic.import_changes(workflow text, items jsonb) returns jsonb language plpgsql set enable_nestloop = off as $$
declare
    answer jsonb;
begin
    with
    -- The known items with their tickets: what the source says now, what it said, and what is here.
    known as materialized (
        select t.id, i.source, i.url, i.past, i.closed_at, i.description, coalesce(i.updated_at >= t.updated_at, true) as is_newer,
               t.custom_fields #> '{imported,values}' as said,
               logic.import_values(t.title, t.description, t.priority, t.ticket_type, t.assigned_agent_id, t.tags, t.story_points,
                    t.estimate_minutes, t.spent_minutes, t.due_on, t.status) as here,
               logic.import_values(i.title, i.description, i.priority,
                    coalesce((select x ->> 'id' from jsonb_array_elements(b.ticket_types) x where lower(x ->> 'id') = lower(i.ticket_type) limit 1),
                             t.ticket_type),
                    i.assignee, i.tags, i.story_points, i.estimate_minutes, i.spent_minutes, (i.due_at at time zone w.time_zone)::date,
                    case when t.custom_fields #> '{imported,values}' is null and i.stage = case c.category when 'todo' then 'open' else c.category end
                         then t.status else logic.import_column(workflow, i.status, i.stage) end) as says
          from logic.import_items(items) i
          join tickets t on t.workflow_id = workflow and t.external_ref = i.ref and logic.is_live(t)
          join workflows w on w.id = workflow
          join boards b on b.workflow_id = workflow
          join board_columns c on c.workflow_id = workflow and c.id = t.status
    ),
    -- Each value, and whether it is taken over.
    compared as materialized (
        select k.id, v.name,
               case when k.said is null then k.is_newer
                    else v.says <> k.said -> v.name and v.here = k.said -> v.name end as is_taken,
               k.said is not null and v.says = k.said -> v.name as is_unchanged, k.said -> v.name as said
          from known k
         cross join lateral (select e.key as name, e.value as says, k.here -> e.key as here from jsonb_each(k.says) e) v
         where v.says <> v.here and (k.said is not null or v.says <> 'null' and v.name <> 'spent_minutes')
    ),
    -- The tickets that change, with the names of the values that do. What the source said stays for values that are not taken
    -- over, so that they are counted again.
    changing as materialized (
        select c.id, array_agg(c.name) filter (where c.is_taken) as names,
               coalesce(jsonb_object_agg(c.name, c.said) filter (where not c.is_taken and c.said is not null), '{}') as kept
          from compared c group by c.id having bool_or(c.is_taken)
    ),
    -- The changed tickets.
    written as (
        update tickets t set
               title = case when 'title' = any (c.names) then k.says ->> 'title' else t.title end,
               description = case when 'description' = any (c.names) then k.description else t.description end,
               priority = case when 'priority' = any (c.names) then k.says ->> 'priority' else t.priority end,
               ticket_type = case when 'ticket_type' = any (c.names) then k.says ->> 'ticket_type' else t.ticket_type end,
               assigned_agent_id = case when 'assignee' = any (c.names) then k.says ->> 'assignee' else t.assigned_agent_id end,
               tags = case when 'tags' = any (c.names) then array(select jsonb_array_elements_text(k.says -> 'tags')) else t.tags end,
               story_points = case when 'story_points' = any (c.names) then (k.says ->> 'story_points')::float8 else t.story_points end,
               estimate_minutes = case when 'estimate_minutes' = any (c.names) then (k.says ->> 'estimate_minutes')::bigint else t.estimate_minutes end,
               spent_minutes = case when 'spent_minutes' = any (c.names) then (k.says ->> 'spent_minutes')::bigint else t.spent_minutes end,
               due_on = case when 'due_on' = any (c.names) then (k.says ->> 'due_on')::date else t.due_on end,
               status = case when 'status' = any (c.names) then k.says ->> 'status' else t.status end,
               completed_at = case when 'status' = any (c.names) then k.closed_at else t.completed_at end,
               custom_fields = case when k.source is null then t.custom_fields
                    else coalesce(t.custom_fields, '{}') || jsonb_build_object('imported', logic.imported_field(k.source, k.url,
                        coalesce(t.custom_fields #> '{imported,past}', k.past),
                        k.says || c.kept)) end
          from changing c join known k on k.id = c.id
         where t.id = c.id
        returning t.id
    )
    select jsonb_build_object('updated', (select count(*) from written),
            'kept', (select count(distinct o.id) from compared o where not o.is_taken and not o.is_unchanged))
      into answer;
    return answer;
end
$$;
