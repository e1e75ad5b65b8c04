-- Triggers of `tickets`: what a row derives from its column, and its history.
-- Lock order: the ticket rows are held already; the stream row comes last (logic.next_seqs).

-- BEFORE INSERT, by row: fills what the writer left out, so that an INSERT typed in psql is whole.
create function logic.ticket_before_insert() returns trigger language plpgsql as $$
begin
    new.id := coalesce(new.id, logic.new_id('ticket'));
    if new.number is null then
        update ticket_counters c set last_number = c.last_number + 1
         where c.workflow_id = new.workflow_id returning c.last_number into new.number;
    end if;
    new.rank := coalesce(new.rank, logic.rank_at_end(new.number));
    new.status := coalesce(new.status, (select b.initial_status from boards b where b.workflow_id = new.workflow_id));
    new.ticket_type := coalesce(new.ticket_type, (select b.default_ticket_type from boards b where b.workflow_id = new.workflow_id));
    -- An import states its own dates; everything else derives them from the column.
    if new.completed_at is null and new.resolved_at is null then
        new := logic.derive_from_column(new, null);
    end if;
    return new;
end
$$;

-- BEFORE UPDATE, by row: version and times; identity never changes.
create function logic.ticket_before_update() returns trigger language plpgsql as $$
begin
    if (new.id, new.workflow_id, new.number) is distinct from (old.id, old.workflow_id, old.number) then
        perform logic.fail('CB409', 'The id, workflow and number of a ticket never change.');
    end if;
    if new.status is distinct from old.status then
        new := logic.derive_from_column(new, old.status);
    end if;
    if new is distinct from old then
        new.version := old.version + 1;
        new.updated_at := clock_timestamp();
    end if;
    return new;
end
$$;

-- A column's category drives the ticket's times: `active` starts it, `done` completes and resolves it,
-- leaving `done` reopens it.
create function logic.derive_from_column(ticket tickets, old_status text) returns tickets language plpgsql as $$
declare
    category text := (select c.category from board_columns c where c.workflow_id = ticket.workflow_id and c.id = ticket.status);
    old_category text := (select c.category from board_columns c where c.workflow_id = ticket.workflow_id and c.id = old_status);
begin
    if category in ('active', 'done') and ticket.started_at is null then
        ticket.started_at := clock_timestamp();
    end if;
    if category = 'done' and not ticket.is_resolved then
        ticket.is_resolved := true;
    elsif category <> 'done' and old_category = 'done' then
        ticket.is_resolved := false;
    end if;
    if category = 'done' then
        ticket.completed_at := coalesce(ticket.completed_at, clock_timestamp());
        ticket.resolved_at := coalesce(ticket.resolved_at, ticket.completed_at);
    elsif not ticket.is_resolved then
        ticket.completed_at := null;
        ticket.resolved_at := null;
    end if;
    return ticket;
end
$$;

-- AFTER INSERT, by statement: one `created` row for each ticket, carrying the whole card.
create function logic.tickets_inserted() returns trigger language plpgsql as $$
begin
    insert into history (stream_id, seq, workflow_id, ticket_id, change_type, new_value, change_description, metadata, actor_id, on_behalf_of)
    with
    -- The next numbers of every stream concerned.
    base as materialized (
        select * from logic.next_seqs((select array_agg('workflow:' || n.workflow_id) from new_rows n))
    )
    select b.stream_id,
           b.before_first + row_number() over (partition by n.workflow_id order by n.number),
           n.workflow_id, n.id, 'created', n.title, format('Created %s.', c.key),
           jsonb_build_object('ticket', to_jsonb(c) || jsonb_build_object('description', n.description)),
           logic.current_actor(), logic.current_on_behalf_of()
      from new_rows n
      join base b on b.stream_id = 'workflow:' || n.workflow_id
      join logic.cards c on c.ticket_id = n.id;
    perform logic.ring();
    return null;
end
$$;

-- AFTER UPDATE, by statement: one history row for each field that changed, NOTIFY for each status
-- change, and the release of what a newly resolved ticket blocked.
create function logic.tickets_updated() returns trigger language plpgsql as $$
declare
    others bigint;
begin
    with
    -- Each changed field of each ticket: history's change_type, the field, old and new text, the card
    -- fields that clients patch, and further event data.
    changes as materialized (
        select n.workflow_id, n.id as ticket_id, n.number, n.version, n.updated_at, v.*
          from new_rows n
          join old_rows o using (id)
          cross join lateral (values
            (1, 'restored', 'deleted_at', null, null, o.deleted_at is not null and n.deleted_at is null, '{}'::jsonb, 'Restored.'),
            (2, 'status_changed', 'status', o.status, n.status, o.status <> n.status,
                jsonb_build_object('status', n.status, 'rank', n.rank, 'started_at', n.started_at, 'completed_at', n.completed_at),
                format('Moved from %s to %s.', o.status, n.status)),
            (3, 'assigned', 'assigned_agent_id', o.assigned_agent_id, n.assigned_agent_id,
                o.assigned_agent_id is distinct from n.assigned_agent_id,
                jsonb_build_object('assigned_agent_id', n.assigned_agent_id),
                case when n.assigned_agent_id is null then 'Unassigned.' else format('Assigned to %s.', n.assigned_agent_id) end),
            (4, 'field_updated', 'title', o.title, n.title, o.title <> n.title, jsonb_build_object('title', n.title), 'Changed the title.'),
            (5, 'field_updated', 'description', o.description, n.description, o.description <> n.description,
                jsonb_build_object('description', n.description), 'Changed the description.'),
            (6, 'field_updated', 'priority', o.priority, n.priority, o.priority <> n.priority,
                jsonb_build_object('priority', n.priority), format('Changed the priority from %s to %s.', o.priority, n.priority)),
            (7, 'field_updated', 'ticket_type', o.ticket_type, n.ticket_type, o.ticket_type <> n.ticket_type,
                jsonb_build_object('ticket_type', n.ticket_type), format('Changed the type from %s to %s.', o.ticket_type, n.ticket_type)),
            (8, 'field_updated', 'tags', to_jsonb(o.tags)::text, to_jsonb(n.tags)::text, o.tags <> n.tags,
                jsonb_build_object('tags', n.tags), 'Changed the tags.'),
            (9, 'field_updated', 'parent_ticket_id', o.parent_ticket_id, n.parent_ticket_id,
                o.parent_ticket_id is distinct from n.parent_ticket_id,
                jsonb_build_object('parent_ticket_id', n.parent_ticket_id), 'Changed the parent ticket.'),
            (10, 'field_updated', 'related_ticket_ids', to_jsonb(o.related_ticket_ids)::text, to_jsonb(n.related_ticket_ids)::text,
                o.related_ticket_ids <> n.related_ticket_ids,
                jsonb_build_object('related_ticket_ids', n.related_ticket_ids), 'Changed the related tickets.'),
            (11, 'field_updated', 'related_task_ids', to_jsonb(o.related_task_ids)::text, to_jsonb(n.related_task_ids)::text,
                o.related_task_ids <> n.related_task_ids,
                jsonb_build_object('related_task_ids', n.related_task_ids), 'Changed the related tasks.'),
            (12, 'field_updated', 'story_points', o.story_points::text, n.story_points::text, o.story_points is distinct from n.story_points,
                jsonb_build_object('story_points', n.story_points), 'Changed the story points.'),
            (13, 'field_updated', 'estimate_minutes', o.estimate_minutes::text, n.estimate_minutes::text,
                o.estimate_minutes is distinct from n.estimate_minutes,
                jsonb_build_object('estimate_minutes', n.estimate_minutes), 'Changed the estimate.'),
            (14, 'field_updated', 'spent_minutes', o.spent_minutes::text, n.spent_minutes::text, o.spent_minutes <> n.spent_minutes,
                jsonb_build_object('spent_minutes', n.spent_minutes), 'Changed the time spent.'),
            (15, 'field_updated', 'rank', o.rank, n.rank, o.rank <> n.rank and o.status = n.status,
                jsonb_build_object('rank', n.rank), 'Reordered.'),
            (16, case when n.is_resolved then 'resolved' else 'reopened' end, 'is_resolved', o.is_resolved::text, n.is_resolved::text,
                o.is_resolved <> n.is_resolved,
                jsonb_build_object('is_resolved', n.is_resolved, 'completed_at', n.completed_at),
                case when n.is_resolved then 'Resolved.' else 'Reopened.' end),
            (17, 'deleted', 'deleted_at', null, null, o.deleted_at is null and n.deleted_at is not null, '{}'::jsonb, 'Deleted.')
          ) v (place, change_type, field_name, old_value, new_value, changed, patch, description)
         where v.changed
    ),
    base as materialized (
        select * from logic.next_seqs((select array_agg('workflow:' || c.workflow_id) from changes c))
    ),
    inserted as (
        insert into history (stream_id, seq, workflow_id, ticket_id, change_type, field_name, old_value, new_value,
                             change_description, metadata, actor_id, on_behalf_of)
        select b.stream_id,
               b.before_first + row_number() over (partition by c.workflow_id order by c.number, c.place),
               c.workflow_id, c.ticket_id, c.change_type, c.field_name, c.old_value, c.new_value, c.description,
               jsonb_build_object('changes', c.patch || jsonb_build_object('version', c.version, 'updated_at', c.updated_at))
               -- A restored ticket comes back whole.
               || case when c.change_type = 'restored'
                       then (select jsonb_build_object('ticket', to_jsonb(k)) from logic.cards k where k.ticket_id = c.ticket_id)
                       else '{}' end,
               logic.current_actor(), logic.current_on_behalf_of()
          from changes c
          join base b on b.stream_id = 'workflow:' || c.workflow_id
        returning workflow_id, ticket_id, seq, change_type, old_value, new_value
    ),
    -- Every status change rings with its ids.
    rung as (
        select logic.ring_status(i.workflow_id, i.ticket_id, i.seq, i.old_value, i.new_value)
          from inserted i where i.change_type = 'status_changed'
    )
    select count(*) - (select count(*) from rung) into others from inserted;
    if others > 0 then
        perform logic.ring();
    end if;
    -- What a newly resolved ticket blocked is released; the trigger of ticket_blockers records it.
    delete from ticket_blockers k
     using new_rows n join old_rows o using (id)
     where k.blocked_by_ticket_id = n.id and n.is_resolved and not o.is_resolved;
    return null;
end
$$;

create trigger ticket_before_insert before insert on tickets for each row execute function logic.ticket_before_insert();
create trigger ticket_before_update before update on tickets for each row execute function logic.ticket_before_update();
create trigger tickets_inserted after insert on tickets
    referencing new table as new_rows for each statement execute function logic.tickets_inserted();
create trigger tickets_updated after update on tickets
    referencing old table as old_rows new table as new_rows for each statement execute function logic.tickets_updated();
