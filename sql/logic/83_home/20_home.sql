-- Home: what waits for a person, failed, is stuck, mentions them, and ended since they last looked, over all of their workflows.

-- The sections, the most urgent first.
create function logic.home_sections() returns text[] language sql immutable parallel safe
begin atomic
    select '{waiting,failed,stuck,mentions,finished,expired}'::text[];
end;

-- An item as the API shows it.
create function logic.home_item_json(item logic.home_item) returns jsonb language sql stable
begin atomic
    select jsonb_build_object(
        'id', item.id, 'kind', item.kind, 'workflow_id', item.workflow_id, 'at', item.at,
        'title', left(coalesce(a.question, j.title, t.title), 500),
        'text', left(coalesce(case when item.section = 'failed' then j.error end, f.message, c.comment_text,
            case when item.kind = 'job_silent' then format('%s has sent no heartbeat for %s.', coalesce(nullif(j.worker, ''), 'Its worker'),
                logic.duration_text(extract(epoch from now() - item.at))) end), 500),
        'ticket_id', t.id, 'ticket_key', 'TKT-' || t.number, 'ticket_title', left(t.title, 500),
        'job_id', coalesce(j.id, a.job_id), 'attempt', j.attempt, 'comment_id', c.id,
        'actor_id', p.id, 'actor_name', p.name,
        'approval', case when a.id is not null then logic.approval_json(a) end)
      from (select) one
      left join approvals a on item.section in ('waiting', 'expired') and a.id = item.id
      left join jobs j on (item.section = 'failed' or item.kind in ('job', 'job_silent')) and j.id = item.id
      left join findings f on item.section = 'stuck' and item.kind <> 'job_silent' and f.id = item.id
      left join ticket_comments c on item.section = 'mentions' and c.id = item.id
      left join tickets t on t.id = coalesce(a.ticket_id, j.ticket_id, f.ticket_id, c.ticket_id, case when item.kind = 'ticket' then item.id end)
      left join actors p on p.id = coalesce(a.asked_by, j.claimed_by, f.agent_id, c.agent_id,
          case when item.section in ('finished', 'stuck') then t.assigned_agent_id end);
end;

-- GET /api/home: for each section the first `max_rows` items, of all workflows or of one. Workflows and counts are always those of
-- all; a section is counted to logic.max_home_items() in each workflow. `seq` of a workflow, with `epoch`, is where its stream stood in
-- the same snapshot: it goes back with logic.mark_visited.
create function logic.get_home(caller text, workflow text default null, max_rows int default 50) returns jsonb language plpgsql stable as $$
declare
    who logic.principal := logic.identify_caller(caller);
    -- Acting for another takes a right, also to read what waits for that one.
    reader constant text := case when logic.may_act_for_others(who) then logic.effective_actor_id(who) else who.actor_id end;
    can_approve constant boolean := logic.has_scope(who.scopes, 'approve');
    answer jsonb;
begin
    perform logic.require_scope(who, 'read');
    if workflow is not null then
        perform logic.authorize_principal(who, workflow, 'viewer');
    end if;
    with
    -- The workflows.
    places as materialized (
        select (p.*)::logic.home_place as place, p.workflow_id from logic.home_places(who.actor_id, reader) p
    ),
    -- All counted items of all workflows.
    items as materialized (
        select (i.*)::logic.home_item as item, i.section, i.workflow_id, i.at
          from places p
         cross join lateral (
            select * from logic.home_waiting(p.place, reader, can_approve)
            union all select * from logic.home_failed(p.place, reader)
            union all select * from logic.home_stuck(p.place, reader)
            union all select * from logic.home_mentions(p.place, reader)
            union all select * from logic.home_finished(p.place, reader)
            union all select * from logic.home_expired(p.place, reader)) i
    ),
    -- Those of the workflow that is asked for, in the order of their section: what waits or is stuck since the longest time first, of
    -- what happened the newest first.
    placed as (
        select i.item, i.section,
               row_number() over (partition by i.section
                   order by case when i.section in ('waiting', 'stuck') then i.at end, i.at desc, (i.item).id) as place
          from items i where get_home.workflow is null or i.workflow_id = get_home.workflow
    ),
    -- How many there are in each workflow.
    tallies as (
        select i.workflow_id, i.section, count(*) as n from items i group by i.workflow_id, i.section
    )
    select jsonb_build_object('epoch', logic.epoch(),
        'workflows', coalesce((
            select jsonb_agg(jsonb_build_object('workflow_id', p.workflow_id, 'name', (p.place).name, 'role', (p.place).role,
                       'seq', (p.place).last_seq, 'visited_at', (p.place).visited_at, 'since', (p.place).since,
                       'counts', (select jsonb_object_agg(s.name, coalesce((select y.n from tallies y
                                    where y.workflow_id = p.workflow_id and y.section = s.name), 0))
                                    from unnest(logic.home_sections()) s (name))) order by (p.place).name, p.workflow_id)
              from places p), '[]'),
        'counts', (select jsonb_object_agg(s.name, coalesce((select sum(y.n) from tallies y where y.section = s.name), 0))
                     from unnest(logic.home_sections()) s (name)))
        || (select jsonb_object_agg(s.name, coalesce((
                select jsonb_agg(logic.home_item_json(d.item) order by d.place) from placed d where d.section = s.name and d.place <= max_rows), '[]'))
              from unnest(logic.home_sections()) s (name))
      into answer;
    return answer;
end
$$;
