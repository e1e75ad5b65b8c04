-- Reports about the past are computed from history, which keeps what happened to deleted and merged tickets. From each event
-- follows what it sets (a patch); all patches of a ticket so far are its state; and the times in which a part of the state holds
-- are spans: a stay in a column, an assignment, a time of being blocked, a completion, a time in a milestone. `reporting_spans` and `reporting_tickets`
-- hold them up to a number of the stream, and logic.flow_spans adds what came later, so that reports are never behind.
--
-- A state: {on: whether it is on the board, status, assignee, points, type, priority, milestone, blocked, created_at, started_at,
-- completed_at}, and where the counting stands: {at, category, active, waited}, the last two in seconds.

-- The quarter of an hour in which a time is.
create function logic.quarter_of(at timestamptz) returns timestamptz language sql immutable parallel safe
begin atomic
    select date_bin('15 minutes', at, '2000-01-01 00:00+00');
end;

-- One piece of the past: `kind` is column, assignee, blocked, done or milestone, or `state`, with the ticket's state in `details`.
-- The details of a completion are the ticket as it was then, those of a milestone its story points meanwhile.
create type logic.flow_change as (
    ticket_id text, kind text, place bigint, value text, column_key bigint, category text, started_at timestamptz, ended_at timestamptz,
    ended_by text, is_estimated boolean, details jsonb, is_redone boolean
);

-- What a card sets. Stable, as what builds JSON: a function that says it is immutable would be called for each row instead of
-- becoming a part of the query.
create function logic.card_patch(card jsonb) returns jsonb language sql stable parallel safe
begin atomic
    select jsonb_build_object('on', true, 'status', card -> 'status', 'assignee', card -> 'assigned_agent_id', 'points', card -> 'story_points',
        'type', card -> 'ticket_type', 'priority', card -> 'priority', 'blocked', coalesce(card -> 'is_blocked', 'false'),
        'created_at', card -> 'created_at', 'started_at', card -> 'started_at', 'completed_at', card -> 'completed_at',
        'milestone', card -> 'milestone_id');
end;

-- Whether an event changes a ticket's state.
create function logic.is_flow_event(change_type text, field_name text) returns boolean language sql immutable parallel safe
begin atomic
    select change_type in ('created', 'status_changed', 'column_renamed', 'assigned', 'blocked', 'unblocked', 'resolved', 'reopened', 'deleted', 'restored')
        or change_type in ('ticket_merged', 'ticket_unmerged') and field_name is not null
        or change_type = 'field_updated' and field_name in ('story_points', 'ticket_type', 'priority', 'milestone_id', 'times');
end;

-- What an event sets that is not the creation of a ticket.
create function logic.event_patch(change_type text, field_name text, metadata jsonb) returns jsonb language sql stable parallel safe
begin atomic
    select case change_type
        when 'status_changed' then jsonb_build_object('status', metadata #> '{changes,status}',
            'started_at', metadata #> '{changes,started_at}', 'completed_at', metadata #> '{changes,completed_at}')
        when 'column_renamed' then jsonb_build_object('status', metadata #> '{changes,status}')
        when 'assigned' then jsonb_build_object('assignee', metadata #> '{changes,assigned_agent_id}')
        when 'blocked' then jsonb_build_object('blocked', metadata #> '{changes,is_blocked}')
        when 'unblocked' then jsonb_build_object('blocked', metadata #> '{changes,is_blocked}')
        when 'resolved' then jsonb_build_object('completed_at', metadata #> '{changes,completed_at}')
        when 'reopened' then jsonb_build_object('completed_at', metadata #> '{changes,completed_at}')
        when 'deleted' then '{"on": false}'
        when 'ticket_merged' then '{"on": false}'
        when 'restored' then logic.card_patch(metadata -> 'ticket')
        when 'ticket_unmerged' then logic.card_patch(metadata -> 'ticket')
        when 'field_updated' then case field_name
            when 'story_points' then jsonb_build_object('points', metadata #> '{changes,story_points}')
            when 'ticket_type' then jsonb_build_object('type', metadata #> '{changes,ticket_type}')
            when 'milestone_id' then jsonb_build_object('milestone', metadata #> '{changes,milestone_id}')
            when 'priority' then jsonb_build_object('priority', metadata #> '{changes,priority}')
            when 'times' then jsonb_build_object('created_at', metadata #> '{changes,created_at}',
                'started_at', metadata #> '{changes,started_at}', 'completed_at', metadata #> '{changes,completed_at}') end end;
end;

-- What the creation of a ticket sets, in steps. A ticket that is older than its row in history was imported: it was created,
-- begun and completed when its dates say. If the import knew its moves (logic.import_items, `past`), it made these. Otherwise it
-- stood in the initial column until it was begun, and in the first active one until it was completed; only where it stood at
-- the time of the import is known. `fixed` is a later correction of created_at.
create function logic.creation_steps(card jsonb, recorded_at timestamptz, fixed text, initial_column text, active_column text, category text)
returns table (step int, at timestamptz, patch jsonb, is_estimated boolean) language sql stable parallel safe
begin atomic
    select s.step, s.at, s.patch, coalesce(c.created_at < recorded_at - interval '1 minute', false) and c.past is null
      from (select coalesce(fixed, card ->> 'created_at')::timestamptz as created_at, (card ->> 'started_at')::timestamptz as started_at,
                   (card ->> 'completed_at')::timestamptz as completed_at, logic.card_patch(card) as patch,
                   case when (card ->> 'created_at')::timestamptz < recorded_at - interval '1 minute' then card #> '{custom_fields,imported,past}' end as past) c
     cross join lateral (
        select 0 as step, c.created_at as at, c.patch || case
                   when c.past is not null then '{"started_at": null, "completed_at": null}' || ((c.past -> 0) - 'at')
                   when c.created_at < recorded_at - interval '1 minute' and category is distinct from 'todo'
                        and (category = 'done' and c.completed_at is not null or category = 'active' and c.started_at is not null)
                   then jsonb_build_object('status', initial_column, 'started_at', null, 'completed_at', null) else '{}' end
                 || jsonb_build_object('created_at', c.created_at) as patch
        union all
        select (p.place - 1)::int, (p.entry ->> 'at')::timestamptz, '{"started_at": null, "completed_at": null}' || (p.entry - 'at')
          from jsonb_array_elements(c.past) with ordinality p (entry, place) where p.place between 2 and 1000
        union all
        select 1, c.started_at, jsonb_build_object('status', case category when 'active' then card ->> 'status' else active_column end, 'started_at', c.started_at)
         where c.past is null and c.created_at < recorded_at - interval '1 minute' and c.started_at is not null
           and (category = 'active' or category = 'done' and active_column is not null and c.started_at < c.completed_at)
        union all
        select 2, c.completed_at, jsonb_build_object('status', card -> 'status', 'started_at', c.started_at, 'completed_at', c.completed_at)
         where c.past is null and c.created_at < recorded_at - interval '1 minute' and category = 'done' and c.completed_at is not null
     ) s;
end;

-- The tickets of a workflow with events after the number up to which the past is stored. `is_redone` where a time was corrected,
-- which changes the past. Runs with the rights of its owner, because views for the reporting role call it.
create function logic.changed_tickets(workflow text) returns table (ticket_id text, is_redone boolean)
language plpgsql stable security definer set search_path = public, pg_temp rows 20
-- Planning takes longer than reading a few events.
set plan_cache_mode = 'force_generic_plan' as $$
declare
    base constant bigint := coalesce((select p.seq from reporting_progress p where p.workflow_id = workflow), 0);
    -- With both ends known, the plan is to read what is between them.
    top constant bigint := coalesce((select s.last_seq from streams s where s.stream_id = 'workflow:' || workflow), 0);
begin
    if top <= base then
        return;
    end if;
    return query
    select h.ticket_id, bool_or(h.change_type = 'field_updated' and h.field_name = 'times')
      from history h
     where h.stream_id = 'workflow:' || workflow and h.seq > base and h.seq <= top and h.ticket_id is not null
       and logic.is_flow_event(h.change_type, h.field_name)
     group by h.ticket_id;
end
$$;

-- Whether all but a few of a workflow's events are in the stored past, so that reports add little to it.
create function logic.is_past_stored(workflow text, few bigint default 20000) returns boolean language sql stable
begin atomic
    select coalesce((select s.last_seq from streams s where s.stream_id = 'workflow:' || is_past_stored.workflow), 0)
           - coalesce((select p.seq from reporting_progress p where p.workflow_id = is_past_stored.workflow), 0) <= is_past_stored.few;
end;
