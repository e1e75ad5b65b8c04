-- Triggers that keep ticket_search up to date for keyword search. Updates of tickets are handled by
-- logic.tickets_updated, which has compared the rows.
-- Lock order: ticket rows and the stream row, both held by now, then search documents by ticket id.

-- AFTER INSERT of tickets, by statement.
create function logic.tickets_to_index() returns trigger language plpgsql as $$
begin
    if not logic.is_indexed_later() then
        perform logic.index_tickets((select array_agg(n.id order by n.id) from new_rows n));
    end if;
    return null;
end
$$;

-- AFTER INSERT of comments, by statement.
create function logic.comments_to_index() returns trigger language plpgsql as $$
begin
    if not logic.is_indexed_later() then
        perform logic.index_tickets((select array_agg(distinct n.ticket_id order by n.ticket_id) from new_rows n));
    end if;
    return null;
end
$$;

-- AFTER UPDATE of comments, by statement: also the ticket that a moved comment came from.
create function logic.moved_comments_to_index() returns trigger language plpgsql as $$
begin
    perform logic.index_tickets((
        select array_agg(distinct u.ticket_id order by u.ticket_id)
          from (select n.ticket_id from new_rows n union select o.ticket_id from old_rows o) u));
    return null;
end
$$;

create trigger index_inserted after insert on tickets
    referencing new table as new_rows for each statement execute function logic.tickets_to_index();
create trigger index_commented after insert on ticket_comments
    referencing new table as new_rows for each statement execute function logic.comments_to_index();
create trigger index_comment_changed after update on ticket_comments
    referencing old table as old_rows new table as new_rows for each statement execute function logic.moved_comments_to_index();
