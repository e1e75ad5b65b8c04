-- Keeps ticket_search, which keyword search reads, in step with tickets and comments. Updates of tickets
-- are seen by logic.tickets_updated, which knows what changed.

-- A ticket's searchable text: title A, tags B, description C, comments D. Only the newest 100,000
-- characters of comments count: a tsvector holds at most one megabyte.
create function logic.search_document(ticket text) returns tsvector language sql stable
begin atomic
    select setweight(to_tsvector('english', t.title), 'A')
        || setweight(to_tsvector('english', array_to_string(t.tags, ' ')), 'B')
        || setweight(to_tsvector('english', t.description), 'C')
        || setweight(to_tsvector('english', coalesce(left((
               select string_agg(c.comment_text, ' ' order by c.created_at desc)
                 from ticket_comments c where c.ticket_id = t.id and c.deleted_at is null), 100000), '')), 'D')
      from tickets t where t.id = search_document.ticket;
end;

create function logic.index_tickets(tickets text[]) returns void language sql
begin atomic
    insert into ticket_search (ticket_id, workflow_id, document)
    select t.id, t.workflow_id, logic.search_document(t.id)
      from unnest(index_tickets.tickets) u (id)
      join tickets t on t.id = u.id
    on conflict (ticket_id) do update set document = excluded.document;
end;

create function logic.tickets_to_index() returns trigger language plpgsql as $$
begin
    perform logic.index_tickets((select array_agg(n.id order by n.id) from new_rows n));
    return null;
end
$$;

create function logic.comments_to_index() returns trigger language plpgsql as $$
begin
    perform logic.index_tickets((select array_agg(distinct n.ticket_id order by n.ticket_id) from new_rows n));
    return null;
end
$$;

create trigger index_inserted after insert on tickets
    referencing new table as new_rows for each statement execute function logic.tickets_to_index();
create trigger index_commented after insert on ticket_comments
    referencing new table as new_rows for each statement execute function logic.comments_to_index();
create trigger index_comment_changed after update on ticket_comments
    referencing new table as new_rows for each statement execute function logic.comments_to_index();
