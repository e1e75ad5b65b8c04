-- Triggers of tickets: values derived from the column, and history.
-- Lock order: ticket rows, held already, then the stream row (logic.allocate_sequence_numbers), then blockers, search
-- documents and queues, queued jobs (locked ones are skipped), and last the row of a claim.

-- BEFORE INSERT, by row: fills missing values, so that an INSERT typed in psql is complete.
create function logic.ticket_before_insert() returns trigger language plpgsql as $$
begin
    new.id := coalesce(new.id, logic.new_id('ticket'));
    if new.number is null then
        new.number := logic.reserve_ticket_numbers(new.workflow_id, 1) + 1;
    end if;
    new.rank := coalesce(new.rank, logic.rank_at_end(new.number));
    new.status := coalesce(new.status, (select b.initial_status from boards b where b.workflow_id = new.workflow_id));
    new.ticket_type := coalesce(new.ticket_type, (select b.default_ticket_type from boards b where b.workflow_id = new.workflow_id));
    -- An import sets its own dates; all others are derived from the column.
    if new.completed_at is null and new.resolved_at is null then
        new := logic.derive_times_from_column(new,
            (select c.category from board_columns c where c.workflow_id = new.workflow_id and c.id = new.status), null);
    end if;
    return new;
end
$$;

-- BEFORE UPDATE, by row: version and times. The identity of a ticket never changes. A ticket that moves leaves the state behind
-- that an engine gave it and its board has no column for.
create function logic.ticket_before_update() returns trigger language plpgsql as $$
declare
    category text;
    old_category text;
begin
    if new.id <> old.id or new.workflow_id <> old.workflow_id or new.number <> old.number then
        perform logic.fail('conflict', 'The id, workflow and number of a ticket never change.');
    end if;
    if new.status <> old.status then
        if new.custom_fields ? 'engine_state' then
            new.custom_fields := nullif(new.custom_fields - 'engine_state', '{}');
        end if;
        if not (logic.renames_columns() and logic.is_column_rename(new.workflow_id, old.status, new.status)) then
            select c.category into category from board_columns c where c.workflow_id = new.workflow_id and c.id = new.status;
            -- The column it leaves matters only to a ticket that is resolved.
            if new.is_resolved then
                select c.category into old_category from board_columns c where c.workflow_id = new.workflow_id and c.id = old.status;
            end if;
            -- Otherwise it would change nothing.
            if category = 'done' or old_category = 'done' or new.started_at is null or new.completed_at is not null or new.resolved_at is not null then
                new := logic.derive_times_from_column(new, category, old_category);
            end if;
        end if;
        new.version := old.version + 1;
        new.updated_at := clock_timestamp();
    -- The comparison of whole rows is the most expensive, so it is last.
    elsif new is distinct from old then
        new.version := old.version + 1;
        new.updated_at := clock_timestamp();
    end if;
    return new;
end
$$;

-- A column's category drives the ticket's times: `active` starts it, `done` completes and resolves it, leaving
-- `done` reopens it.
create function logic.derive_times_from_column(ticket tickets, category text, old_category text) returns tickets language plpgsql as $$
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
        -- Dynamic, so that it is planned for the actual number of rows, as in logic.tickets_updated.
        execute 'select array_agg(logic.ticket_created_change(n, to_jsonb(c)) order by n.workflow_id, n.number)
                   from new_rows n join logic.cards c on c.ticket_id = n.id' into changes;
    end if;
    perform logic.record_changes(changes);
    perform logic.queue_search_matching(array(select n.id from new_rows n));
    return null;
end
$$;

-- AFTER UPDATE, by statement: one history row for each field that changed, search data of tickets that were
-- reworded, moved, added or removed, the state of what a ticket blocks, its queued jobs when it is resolved, and the end
-- of its claim. Most updates move one ticket and change nothing else, which takes few statements. Otherwise rows are
-- compared one by one in plpgsql: for a single ticket that costs a fraction of one set-based statement over all fields.
create function logic.tickets_updated() returns trigger language plpgsql as $$
declare
    pairs refcursor;
    pair record;
    o tickets;
    n tickets;
    kept tickets;
    number bigint;
    concerns record;
    place tid;
    notified boolean;
    change logic.change;
    changes logic.change[] := '{}';
    effect logic.ticket_effect;
    reworded text[] := '{}';
    gone text[] := '{}';
    moved text[] := '{}';
    touched text[] := '{}';
    closed text[] := '{}';
    opened text[] := '{}';
    resolved text[] := '{}';
    released text[] := '{}';
begin
    -- The only row, if it is one.
    select old_rows as o, new_rows as n into pair from old_rows cross join new_rows where not exists (select from new_rows offset 1);
    if found then
        o := pair.o;
        n := pair.n;
        if o.status <> n.status and not logic.renames_columns() and coalesce(current_setting('callboard.reported', true), '') = '' then
            -- Rows are equal without what a move changes if nothing else changed. Comparing all other fields would take longer.
            kept := n;
            kept.status := o.status;
            kept.rank := o.rank;
            kept.started_at := o.started_at;
            kept.completed_at := o.completed_at;
            kept.version := o.version;
            kept.updated_at := o.updated_at;
            if kept is not distinct from o then
                place := logic.lock_stream('workflow:' || n.workflow_id);
                change := logic.ticket_moved_change(o, n);
                -- Its number, as in logic.allocate_sequence_numbers.
                update streams s set last_seq = s.last_seq + 1 where s.ctid = place and s.stream_id = 'workflow:' || n.workflow_id
                returning s.last_seq into number;
                if not found then
                    return null;
                end if;
                insert into history (stream_id, seq, workflow_id, ticket_id, change_type, field_name, old_value, new_value,
                                     change_description, metadata, actor_id, on_behalf_of)
                values ('workflow:' || n.workflow_id, number, n.workflow_id, n.id, change.change_type, change.field_name, o.status, n.status,
                        change.description, change.metadata, logic.current_actor(), logic.current_on_behalf_of());
                -- In a statement of its own, after the stream row is locked: who watches, and what else the move concerns.
                select (select g.gated from logic.status_change_gate g) as gated,
                       exists (select from ticket_claims c where c.ticket_id = n.id) as claimed,
                       exists (select from saved_searches s where s.notify) as watched,
                       exists (select from ticket_comments c where c.ticket_id = n.id) as commented
                  into concerns;
                notified := logic.notify_status_change(n.workflow_id, n.id, number, o.status, n.status, concerns.gated);
                if concerns.claimed then
                    perform logic.renew_ticket_claims(array[n.id], coalesce(logic.current_on_behalf_of(), logic.current_actor()));
                end if;
                if concerns.commented then
                    perform logic.queue_embeddings_of_moved_tickets(array[n.id]);
                end if;
                if concerns.watched then
                    perform logic.queue_search_matching(array[n.id]);
                end if;
                return null;
            end if;
        end if;
        open pairs for select old_rows as o, new_rows as n from old_rows cross join new_rows;
    else
        -- Dynamic, so that it is planned for the actual number of rows: the plan cached for one row is a nested loop.
        open pairs for execute
            'select old_rows as o, new_rows as n from old_rows join new_rows using (id) order by new_rows.workflow_id, new_rows.number';
    end if;
    loop
        fetch pairs into pair;
        exit when not found;
        o := pair.o;
        n := pair.n;
        -- Element by element: appending an array would copy all changes for each ticket.
        foreach change in array logic.ticket_position_changes(o, n) || logic.ticket_text_changes(o, n)
                                || logic.ticket_relation_changes(o, n) || logic.ticket_state_changes(o, n)
                                || case when (o.due_on, o.milestone_id) is distinct from (n.due_on, n.milestone_id) then logic.ticket_plan_changes(o, n) else '{}' end
                                || case when o.custom_fields is distinct from n.custom_fields then logic.ticket_custom_field_changes(o, n) else '{}' end loop
            changes := changes || change;
        end loop;
        effect := logic.ticket_update_effect(o, n);
        if effect.reworded then reworded := reworded || n.id; end if;
        if effect.gone then gone := gone || n.id; end if;
        if effect.moved then moved := moved || n.id; end if;
        if effect.touched then touched := touched || n.id; end if;
        if effect.closed then closed := closed || n.id; end if;
        if effect.opened then opened := opened || n.id; end if;
        if effect.resolved then resolved := resolved || n.id; end if;
        if effect.closed or effect.reassigned then released := released || n.id; end if;
    end loop;
    close pairs;
    perform logic.record_changes(changes);
    -- After the stream row is locked, as the triggers of comments do.
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
    if closed <> '{}' or opened <> '{}' then
        -- The trigger of ticket_blockers records each edge.
        perform logic.update_blocker_states(closed, opened);
    end if;
    if resolved <> '{}' and coalesce(current_setting('callboard.cancel_jobs', true), '') <> 'none' then
        perform logic.cancel_queued_jobs(resolved);
    end if;
    if released <> '{}' then
        delete from ticket_claims c where c.ticket_id = any (released);
    end if;
    return null;
end
$$;

-- AFTER DELETE, by statement: only a DELETE typed in psql; the product marks tickets as deleted.
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

create trigger ticket_before_insert before insert on tickets for each row
    when (coalesce(current_setting('callboard.archive', true), '') <> 'on')
    execute function logic.ticket_before_insert();
create trigger ticket_before_update before update on tickets for each row execute function logic.ticket_before_update();
create trigger tickets_inserted after insert on tickets
    referencing new table as new_rows for each statement when (coalesce(current_setting('callboard.archive', true), '') <> 'on')
    execute function logic.tickets_inserted();
create trigger tickets_updated after update on tickets
    referencing old table as old_rows new table as new_rows for each statement execute function logic.tickets_updated();
create trigger tickets_removed after delete on tickets
    referencing old table as old_rows for each statement execute function logic.tickets_removed();
