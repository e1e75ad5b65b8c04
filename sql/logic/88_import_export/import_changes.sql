-- Imports that update: tickets that were imported before take over what their source changed.

-- The known items whose tickets were deleted, archived or merged here, which an updating import leaves alone: how many, and the first of them.
create function logic.gone_imports(workflow text, items jsonb) returns jsonb language sql stable set enable_nestloop = off
begin atomic
    with
    -- Those tickets.
    gone as (
        select i.ref, t.number, case when t.deleted_at is null then 'merged' when (
                    select h.metadata -> 'archived' = 'true' from history h
                     where h.ticket_id = t.id and h.change_type = 'deleted' order by h.seq desc limit 1) then 'archived' else 'deleted' end as reason
          from logic.import_items(gone_imports.items) i
          join tickets t on t.workflow_id = gone_imports.workflow and t.external_ref = i.ref and not logic.is_live(t)
    )
    select jsonb_build_object('gone_count', (select count(*) from gone), 'gone', coalesce((
        select jsonb_agg(jsonb_build_object('reference', g.ref, 'key', 'TKT-' || g.number, 'reason', g.reason) order by g.number)
          from (select * from gone order by number limit 1000) g), '[]'));
end;

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
    -- The milestones that items name.
    named_milestones as materialized (
        select m.name, logic.imported_milestone(workflow, m.name) as id
          from (select distinct i.milestone as name from logic.import_items(items) i where i.milestone is not null) m
    ),
    -- The known items with their tickets: what the source says now, what it said, and what is here.
    known as materialized (
        select t.id, i.source, i.url, i.past, i.closed_at, i.description, coalesce(i.updated_at >= t.updated_at, true) as is_newer,
               t.custom_fields #> '{imported,values}' as said,
               logic.import_values(t.title, t.description, t.priority, t.ticket_type, t.assigned_agent_id, t.tags, t.story_points,
                    t.estimate_minutes, t.spent_minutes, t.due_on, t.status, t.milestone_id) as here,
               logic.import_values(i.title, i.description, i.priority,
                    coalesce((select x ->> 'id' from jsonb_array_elements(b.ticket_types) x where lower(x ->> 'id') = lower(i.ticket_type) limit 1),
                             t.ticket_type),
                    i.assignee, i.tags, i.story_points, i.estimate_minutes, i.spent_minutes, (i.due_at at time zone w.time_zone)::date,
                    case when t.custom_fields #> '{imported,values}' is null and i.stage = case c.category when 'todo' then 'open' else c.category end
                         then t.status else logic.import_column(workflow, i.status, i.stage) end, n.id) as says
          from logic.import_items(items) i
          join tickets t on t.workflow_id = workflow and t.external_ref = i.ref and logic.is_live(t)
          join workflows w on w.id = workflow
          join boards b on b.workflow_id = workflow
          join board_columns c on c.workflow_id = workflow and c.id = t.status
          left join named_milestones n on n.name = i.milestone
    ),
    -- Each value, and whether it is taken over. What an older import did not keep, the milestone, counts as none.
    compared as materialized (
        select k.id, v.name,
               case when k.said is null then k.is_newer
                    else v.says <> o.said and v.here = o.said end as is_taken,
               k.said is not null and v.says = o.said as is_unchanged, o.said
          from known k
         cross join lateral (select e.key as name, e.value as says, k.here -> e.key as here from jsonb_each(k.says) e) v
         cross join lateral (select case when k.said is not null then coalesce(k.said -> v.name, 'null') end as said) o
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
               milestone_id = case when 'milestone_id' = any (c.names) then k.says ->> 'milestone_id' else t.milestone_id end,
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
    return answer || logic.gone_imports(workflow, items);
end
$$;
