-- What happened to an agent's own work, for a long poll.

-- Where a reader stands: the epoch, and a snapshot, because transactions commit out of the order of their numbers.
create function logic.own_events_cursor() returns text language sql stable
begin atomic
    select logic.epoch() || '/' || pg_current_snapshot()::text;
end;

-- Why an event concerns an actor: assigned, mentioned, unblocked or answered; null if it does not.
create function logic.own_event_kind(event history, actor text) returns text language sql stable
begin atomic
    select case
        when coalesce(event.on_behalf_of, event.actor_id) = own_event_kind.actor then null
        when event.change_type = 'assigned' and event.new_value = own_event_kind.actor then 'assigned'
        -- Assigned at its creation: a later assignment is an event of its own, and may be committed after this snapshot.
        when event.change_type = 'created' and event.stream_id like 'workflow:%' and exists (
                select from tickets t where t.id = event.ticket_id and t.assigned_agent_id = own_event_kind.actor)
             and not exists (select from history h where h.ticket_id = event.ticket_id and h.change_type = 'assigned') then 'assigned'
        when event.change_type = 'commented' and exists (
            select from ticket_comments c where c.id = event.new_value and own_event_kind.actor = any (c.mentions)) then 'mentioned'
        when event.change_type = 'unblocked' and not logic.is_blocked(event.ticket_id) and exists (
            select from tickets t where t.id = event.ticket_id and t.assigned_agent_id = own_event_kind.actor) then 'unblocked'
        when event.change_type in ('approval_approved', 'approval_rejected', 'approval_answered', 'approval_expired')
             and event.stream_id like 'workflow:%' and exists (
            select from approvals a where a.id = event.new_value and a.asked_by = own_event_kind.actor) then 'answered'
    end;
end;

-- One of these events as the tool wait_for_events shows it.
create function logic.own_event_json(event history, kind text) returns jsonb language sql stable
begin atomic
    select jsonb_strip_nulls(jsonb_build_object(
        'event', own_event_json.kind, 'workflow_id', event.workflow_id, 'ticket_id', event.ticket_id,
        'key', (select 'TKT-' || t.number from tickets t where t.id = event.ticket_id),
        'title', (select left(t.title, 200) from tickets t where t.id = event.ticket_id),
        'job_id', event.job_id,
        'approval_id', case when own_event_json.kind = 'answered' then event.new_value end,
        'comment_id', case when own_event_json.kind = 'mentioned' then event.new_value end,
        'text', left(case own_event_json.kind
            when 'mentioned' then (select c.comment_text from ticket_comments c where c.id = event.new_value and c.deleted_at is null)
            else event.change_description end, 300),
        'by', coalesce(event.on_behalf_of, event.actor_id), 'at', event.changed_at));
end;

-- The cursor after the caller's newest change among the last thousand, null if there is none: what it did before it first
-- waits, such as asking a question, may have its consequence already.
create function logic.own_change_cursor(actor text) returns text language sql stable
begin atomic
    select logic.epoch() || '/' || (max(h.xid::text::bigint) + 1) || ':' || (max(h.xid::text::bigint) + 1) || ':'
      from (select c.xid, c.actor_id, c.on_behalf_of from history c
             where c.xid < pg_snapshot_xmax(pg_current_snapshot()) order by c.xid desc limit 1000) h
     where coalesce(h.on_behalf_of, h.actor_id) = own_change_cursor.actor;
end;

-- The cursor that the answer ends with, the events and what is true of their tickets come from one statement and so from
-- one snapshot: otherwise an event could be reported for a state that a later event, not seen yet, has brought about.
--
-- The events since a cursor that concern the caller (or whom it acts for), in workflows that it can read. Without a
-- cursor, those since the caller's newest change; if that is long ago, or with `max_events` 0, only the cursor of now.
-- `missed` says that some are not listed, because the cursor is too old or there were more than `max_events`.
create function logic.list_own_events(caller text, since text default null, kinds text[] default null, max_events int default 50)
returns jsonb language plpgsql as $$
declare
    who constant logic.principal := logic.identify_caller(caller);
    me constant text := logic.effective_actor_id(who);
    here text := logic.own_events_cursor();
    seen pg_snapshot;
    events jsonb;
    unread bigint;
    own bigint;
begin
    perform logic.require_scope(who, 'read');
    if exists (select from unnest(kinds) k where k not in ('assigned', 'mentioned', 'unblocked', 'answered')) then
        perform logic.fail_invalid('events', 'must be of assigned, mentioned, unblocked, answered');
    end if;
    if since is null and max_events > 0 then
        since := logic.own_change_cursor(me);
    end if;
    if since is null then
        return jsonb_build_object('events', '[]'::jsonb, 'cursor', here, 'missed', false);
    end if;
    if since !~ '^[0-9A-Za-z-]{1,100}/[0-9]{1,19}:[0-9]{1,19}:[0-9,]*$' or length(since) > 8000 then
        perform logic.fail_invalid('cursor', 'must be the cursor of an answer before');
    end if;
    begin
        seen := split_part(since, '/', 2)::pg_snapshot;
    exception when others then
        perform logic.fail_invalid('cursor', 'must be the cursor of an answer before');
    end;
    if split_part(since, '/', 1) <> split_part(here, '/', 1) or pg_snapshot_xmin(seen) > pg_snapshot_xmax(pg_current_snapshot()) then
        return jsonb_build_object('events', '[]'::jsonb, 'cursor', here, 'missed', true);
    end if;
    with
    -- What has become visible since, up to a bound.
    unseen as materialized (
        select h as event
          from history h
         where h.xid >= pg_snapshot_xmax(seen) and h.xid < '4611686018427387904'::xid8 or h.xid = any (array(select pg_snapshot_xip(seen)))
         limit 20001
    ),
    -- Those of the caller's workflows, with why they concern the caller.
    concerning as materialized (
        select u.event, logic.own_event_kind(u.event, me) as kind
          from unseen u
         where (u.event).change_type in ('assigned', 'created', 'commented', 'unblocked', 'approval_approved', 'approval_rejected',
                                         'approval_answered', 'approval_expired')
           and (who.is_admin or exists (select from workflow_members m
                 where m.workflow_id = (u.event).workflow_id and m.actor_id = who.actor_id))
    ),
    -- Each ticket is unblocked once, however many edges went.
    placed as (
        select t.event, t.kind, row_number() over (order by (t.event).changed_at desc, (t.event).stream_id desc, (t.event).seq desc) as place
          from (select distinct on (t.kind, case when t.kind = 'unblocked' then (t.event).ticket_id else (t.event).stream_id || (t.event).seq end) t.*
                  from concerning t
                 where t.kind is not null and (kinds is null or t.kind = any (kinds))
                 order by t.kind, case when t.kind = 'unblocked' then (t.event).ticket_id else (t.event).stream_id || (t.event).seq end, (t.event).seq desc) t
    )
    select coalesce(jsonb_agg(logic.own_event_json(p.event, p.kind) order by p.place desc) filter (where p.place <= max_events), '[]'),
           (select count(*) from unseen), count(*), logic.own_events_cursor()
      into events, unread, own, here
      from placed p;
    return jsonb_build_object('events', events, 'cursor', here, 'missed', unread > 20000 or own > max_events);
end
$$;
