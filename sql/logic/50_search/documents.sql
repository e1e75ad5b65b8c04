-- Search documents: the searchable text of each ticket, in ticket_search.

-- A ticket's searchable text: title A (also unstemmed, for prefixes), tags B, description C, comments D. Only the newest
-- 100,000 characters of comments count: a tsvector holds at most one megabyte.
create function logic.search_document(ticket text) returns tsvector language sql stable
begin atomic
    select setweight(logic.text_to_search_vector(t.title) || to_tsvector('simple', t.title), 'A')
        || setweight(logic.text_to_search_vector(array_to_string(t.tags, ' ')), 'B')
        || setweight(logic.text_to_search_vector(t.description), 'C')
        || setweight(logic.text_to_search_vector(coalesce(left((
               select string_agg(c.comment_text, ' ' order by c.created_at desc)
                 from ticket_comments c where c.ticket_id = t.id and c.deleted_at is null), 100000), '')), 'D')
        || logic.workflow_search_token(t.workflow_id)::text::tsvector
      from tickets t where t.id = search_document.ticket;
end;

-- Rebuilds the documents of tickets. logic.remove_from_search_index removes those that must not be found any more.
create function logic.index_tickets(tickets text[]) returns void language sql
begin atomic
    insert into ticket_search (ticket_id, workflow_id, document)
    select t.id, t.workflow_id, logic.search_document(t.id)
      from unnest(index_tickets.tickets) u (id)
      join tickets t on t.id = u.id and logic.is_live(t)
    on conflict (ticket_id) do update set document = excluded.document, is_outdated = false;
end;

-- Rebuilds documents that older rules composed, at most `max_rows`; returns how many. Skips rows that another
-- transaction has locked.
create function logic.reindex_outdated(max_rows int) returns int language plpgsql as $$
declare
    due text[] := array(select s.ticket_id from ticket_search s where s.is_outdated
                         order by s.ticket_id limit max_rows for update skip locked);
begin
    perform logic.index_tickets(due);
    -- Tickets that are no longer live lose their document.
    delete from ticket_search s where s.ticket_id = any (due) and s.is_outdated;
    return cardinality(due);
end
$$;
