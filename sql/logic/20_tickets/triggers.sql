-- Triggers of tickets: values derived from the column, and history.
-- Lock order: ticket rows, held already, then the stream row (logic.allocate_sequence_numbers), then search
-- documents and queues.

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
        new := logic.derive_times_from_column(new, null);
    end if;
    return new;
end
$$;

-- BEFORE UPDATE, by row: version and times; identity never changes.
create function logic.ticket_before_update() returns trigger language plpgsql as $$
begin
    if (new.id, new.workflow_id, new.number) is distinct from (old.id, old.workflow_id, old.number) then
        perform logic.fail('conflict', 'The id, workflow and number of a ticket never change.');
    end if;
    if new.status is distinct from old.status then
        new := logic.derive_times_from_column(new, old.status);
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
create function logic.derive_times_from_column(ticket tickets, old_status text) returns tickets language plpgsql as $$
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
declare
    changes logic.change[];
begin
    if (select count(*) from (select from new_rows limit 2) few) < 2 then
        select array_agg(logic.ticket_created_change(n, to_jsonb(c))) into changes
          from new_rows n join logic.cards c on c.ticket_id = n.id;
    else
        -- Planned anew for the number of rows at hand, as in logic.tickets_updated.
        execute 'select array_agg(logic.ticket_created_change(n, to_jsonb(c)) order by n.workflow_id, n.number)
                   from new_rows n join logic.cards c on c.ticket_id = n.id' into changes;
    end if;
    perform logic.record_changes(changes);
    perform logic.queue_search_matching(array(select n.id from new_rows n));
    return null;
end
$$;

-- AFTER UPDATE, by statement: one history row for each field that changed (logic.record_changes writes them and
-- rings), what search reads of tickets that were reworded, moved, came or went, and the release of
-- what a newly resolved ticket blocked. Rows are compared one by one in plpgsql: for the usual single
-- ticket that costs a fraction of one set-based statement over all fields.
create function logic.tickets_updated() returns trigger language plpgsql as $$
declare
    pairs refcursor;
    pair record;
    o tickets;
    n tickets;
    changes logic.change[] := '{}';
    resolved text[] := '{}';
    reworded text[] := '{}';
    touched text[] := '{}';
    moved text[] := '{}';
    gone text[] := '{}';
begin
    if (select count(*) from (select from new_rows limit 2) few) < 2 then
        open pairs for select old_rows as o, new_rows as n from old_rows cross join new_rows;
    else
        -- Planned anew for the number of rows at hand: the plan cached for one row would be a nested loop.
        open pairs for execute
            'select old_rows as o, new_rows as n from old_rows join new_rows using (id) order by new_rows.workflow_id, new_rows.number';
    end if;
    loop
        fetch pairs into pair;
        exit when not found;
        o := pair.o;
        n := pair.n;
        if logic.is_live(n) and not logic.is_live(o) then
            changes := changes || logic.ticket_restored_changes(o, n);
        end if;
        if o.status <> n.status then
            changes := changes || logic.ticket_change(n, 'status_changed', 'status', o.status, n.status,
                'Moved from ' || o.status || ' to ' || n.status || '.',
                jsonb_build_object('status', n.status, 'rank', n.rank, 'started_at', n.started_at, 'completed_at', n.completed_at),
                logic.reported_event_data());
            moved := moved || n.id;
        elsif o.rank <> n.rank then
            changes := changes || logic.ticket_field_change(n, 'rank', o.rank, n.rank, to_jsonb(n.rank), 'Reordered.');
        end if;
        if o.assigned_agent_id is distinct from n.assigned_agent_id then
            changes := changes || logic.ticket_change(n, 'assigned', 'assigned_agent_id', o.assigned_agent_id, n.assigned_agent_id,
                coalesce('Assigned to ' || n.assigned_agent_id || '.', 'Unassigned.'),
                jsonb_build_object('assigned_agent_id', n.assigned_agent_id), logic.reported_event_data());
        end if;
        if o.title <> n.title then
            changes := changes || logic.ticket_field_change(n, 'title', o.title, n.title, to_jsonb(n.title), 'Changed the title.');
        end if;
        if o.description <> n.description then
            changes := changes || logic.ticket_field_change(n, 'description', o.description, n.description, to_jsonb(n.description), 'Changed the description.');
        end if;
        if o.priority <> n.priority then
            changes := changes || logic.ticket_field_change(n, 'priority', o.priority, n.priority, to_jsonb(n.priority),
                'Changed the priority from ' || o.priority || ' to ' || n.priority || '.');
        end if;
        if o.ticket_type <> n.ticket_type then
            changes := changes || logic.ticket_field_change(n, 'ticket_type', o.ticket_type, n.ticket_type, to_jsonb(n.ticket_type),
                'Changed the type from ' || o.ticket_type || ' to ' || n.ticket_type || '.');
        end if;
        if o.tags <> n.tags then
            changes := changes || logic.ticket_field_change(n, 'tags', to_jsonb(o.tags)::text, to_jsonb(n.tags)::text, to_jsonb(n.tags), 'Changed the tags.');
        end if;
        if o.parent_ticket_id is distinct from n.parent_ticket_id then
            changes := changes || logic.ticket_field_change(n, 'parent_ticket_id', o.parent_ticket_id, n.parent_ticket_id,
                to_jsonb(n.parent_ticket_id), 'Changed the parent ticket.');
        end if;
        if o.related_ticket_ids <> n.related_ticket_ids then
            changes := changes || logic.ticket_field_change(n, 'related_ticket_ids', to_jsonb(o.related_ticket_ids)::text,
                to_jsonb(n.related_ticket_ids)::text, to_jsonb(n.related_ticket_ids), 'Changed the related tickets.');
        end if;
        if o.related_task_ids <> n.related_task_ids then
            changes := changes || logic.ticket_field_change(n, 'related_task_ids', to_jsonb(o.related_task_ids)::text,
                to_jsonb(n.related_task_ids)::text, to_jsonb(n.related_task_ids), 'Changed the related tasks.');
        end if;
        if o.story_points is distinct from n.story_points then
            changes := changes || logic.ticket_field_change(n, 'story_points', o.story_points::text, n.story_points::text,
                to_jsonb(n.story_points), 'Changed the story points.');
        end if;
        if o.estimate_minutes is distinct from n.estimate_minutes then
            changes := changes || logic.ticket_field_change(n, 'estimate_minutes', o.estimate_minutes::text, n.estimate_minutes::text,
                to_jsonb(n.estimate_minutes), 'Changed the estimate.');
        end if;
        if o.spent_minutes <> n.spent_minutes then
            changes := changes || logic.ticket_field_change(n, 'spent_minutes', o.spent_minutes::text, n.spent_minutes::text,
                to_jsonb(n.spent_minutes), 'Changed the time spent.');
        end if;
        if o.approval_status is distinct from n.approval_status then
            changes := changes || logic.ticket_field_change(n, 'approval_status', o.approval_status, n.approval_status, to_jsonb(n.approval_status),
                case n.approval_status when 'pending_review' then 'Waits for review.' when 'approved' then 'Approved.'
                    when 'rejected' then 'Rejected.' else 'Waits for no review.' end);
        end if;
        if o.is_resolved <> n.is_resolved then
            changes := changes || logic.ticket_change(n, case when n.is_resolved then 'resolved' else 'reopened' end, 'is_resolved',
                o.is_resolved::text, n.is_resolved::text, case when n.is_resolved then 'Resolved.' else 'Reopened.' end,
                jsonb_build_object('is_resolved', n.is_resolved, 'completed_at', n.completed_at));
            if n.is_resolved then
                resolved := resolved || n.id;
            end if;
        end if;
        if (o.deleted_at is null, o.merged_into_ticket_id) is distinct from (n.deleted_at is null, n.merged_into_ticket_id)
           and not logic.is_live(n) then
            changes := changes || logic.ticket_removed_changes(o, n);
        end if;
        if n.version <> o.version and o.status = n.status and o.is_resolved = n.is_resolved
           and (o.started_at, o.completed_at, o.created_at, o.created_by_agent_id)
               is distinct from (n.started_at, n.completed_at, n.created_at, n.created_by_agent_id) then
            -- Nothing but psql changes these by themselves.
            changes := changes || logic.ticket_change(n, 'field_updated', 'times', null, null, 'Corrected its origin or times.',
                jsonb_build_object('started_at', n.started_at, 'completed_at', n.completed_at,
                    'created_at', n.created_at, 'created_by_agent_id', n.created_by_agent_id));
        end if;
        if not logic.is_live(n) then
            if logic.is_live(o) then
                gone := gone || n.id;
            end if;
        elsif (o.title, o.description, o.tags) is distinct from (n.title, n.description, n.tags) or not logic.is_live(o) then
            reworded := reworded || n.id;
        end if;
        -- What a watched search may ask for.
        if (o.status, o.priority, o.ticket_type, o.assigned_agent_id, o.is_resolved, o.created_at, o.tags, o.title, o.description, logic.is_live(o))
            is distinct from (n.status, n.priority, n.ticket_type, n.assigned_agent_id, n.is_resolved, n.created_at, n.tags, n.title, n.description, logic.is_live(n)) then
            touched := touched || n.id;
        end if;
    end loop;
    close pairs;
    perform logic.record_changes(changes);
    -- After the stream's row is locked, as comments do it.
    if reworded <> '{}' then
        perform logic.index_tickets(reworded);
        perform logic.queue_embeddings(reworded);
    end if;
    if moved <> '{}' then
        perform logic.queue_embeddings_of_moved_tickets(moved);
    end if;
    if gone <> '{}' then
        perform logic.remove_from_search_index(gone);
    end if;
    if touched <> '{}' then
        perform logic.queue_search_matching(touched);
    end if;
    if resolved <> '{}' then
        -- The trigger of ticket_blockers records each release.
        delete from ticket_blockers k where k.blocked_by_ticket_id = any (resolved);
    end if;
    return null;
end
$$;

create function logic.tickets_removed() returns trigger language plpgsql as $$
begin
    perform logic.lock_workflow_streams((select array_agg(distinct o.workflow_id) from old_rows o));
    perform logic.record_json_changes((
        select jsonb_agg(jsonb_build_object(
            'workflow_id', o.workflow_id, 'ticket_id', o.id, 'change_type', 'deleted', 'old_value', o.title,
            'description', format('Removed TKT-%s for good.', o.number),
            'metadata', jsonb_build_object('changes', '{}'::jsonb)) order by o.number)
        from old_rows o where o.deleted_at is null));
    return null;
end
$$;

create trigger ticket_before_insert before insert on tickets for each row execute function logic.ticket_before_insert();
create trigger ticket_before_update before update on tickets for each row execute function logic.ticket_before_update();
create trigger tickets_inserted after insert on tickets
    referencing new table as new_rows for each statement execute function logic.tickets_inserted();
create trigger tickets_updated after update on tickets
    referencing old table as old_rows new table as new_rows for each statement execute function logic.tickets_updated();
create trigger tickets_removed after delete on tickets
    referencing old table as old_rows for each statement execute function logic.tickets_removed();
