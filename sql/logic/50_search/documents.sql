-- Search documents: the searchable text of each ticket, in ticket_search.

-- A ticket's searchable text: title A (also unstemmed, for prefixes), tags B, description C, comments D. Only the newest
-- 100,000 characters of comments count: a tsvector holds at most one megabyte.
create function logic.search_document(ticket text) returns tsvector language sql stable
begin atomic
    select setweight(logic.text_to_search_vector(t.title) || logic.text_to_search_vector(t.title, false), 'A')
        || setweight(logic.text_to_search_vector(array_to_string(t.tags, ' ')), 'B')
        || setweight(logic.text_to_search_vector(t.description), 'C')
        || setweight(logic.text_to_search_vector(coalesce(left((
               select string_agg(c.comment_text, ' ' order by c.created_at desc)
                 from ticket_comments c where c.ticket_id = t.id and c.deleted_at is null), 100000), '')), 'D')
        || logic.workflow_search_token(t.workflow_id)::text::tsvector
      from tickets t where t.id = search_document.ticket;
end;

-- What tickets with equal titles have in common (see logic.normalize_title).
create function logic.title_key(title text) returns uuid language sql immutable parallel safe
begin atomic
    select md5(logic.normalize_title(title_key.title))::uuid;
end;

-- Rebuilds the documents of tickets. logic.remove_from_search_index removes those that must not be found any more.
create function logic.index_tickets(tickets text[]) returns void language sql
begin atomic
    insert into ticket_search (ticket_id, workflow_id, document, text_version, title_key)
    select t.id, t.workflow_id, logic.search_document(t.id), logic.search_text_version(), logic.title_key(t.title)
      from unnest(index_tickets.tickets) u (id)
      join tickets t on t.id = u.id and logic.is_live(t)
    on conflict (ticket_id) do update set
        document = excluded.document, is_outdated = false, text_version = excluded.text_version, title_key = excluded.title_key;
end;

-- Whether this transaction indexes new tickets and comments at its end (logic.index_many_tickets), once and not by each statement.
create function logic.is_indexed_later() returns boolean language sql stable
begin atomic
    select coalesce(current_setting('callboard.index_later', true), '') = 'on';
end;

-- Rebuilds the documents of many tickets, and tells how far it is (logic.note_progress).
create function logic.index_many_tickets(tickets text[]) returns void language plpgsql as $$
declare
    total constant int := cardinality(tickets);
    slice constant int := 200;
begin
    perform logic.note_progress('search', 0, total);
    for place in 1..total by slice loop
        perform logic.index_tickets(tickets[place:place + slice - 1]);
        perform logic.note_progress('search', least(place + slice - 1, total), total);
    end loop;
end
$$;

-- Rebuilds documents that older rules composed, at most `max_rows`; returns how many. Until then the old ones are
-- searched. Skips rows that another transaction has locked.
create function logic.reindex_outdated(max_rows int) returns int language plpgsql as $$
declare
    due text[] := array(select s.ticket_id from ticket_search s
                         where s.ticket_id in (
                             (select o.ticket_id from ticket_search o where o.text_version < logic.search_text_version()
                               order by o.text_version, o.ticket_id limit max_rows)
                             union all
                             (select o.ticket_id from ticket_search o where o.is_outdated order by o.ticket_id limit max_rows))
                         order by s.ticket_id limit max_rows for update skip locked);
begin
    perform logic.index_tickets(due);
    -- Tickets that are no longer live lose their document.
    delete from ticket_search s
     where s.ticket_id = any (due) and (s.text_version < logic.search_text_version() or s.is_outdated);
    return cardinality(due);
end
$$;

-- The progress of rebuilding documents.
create function logic.search_text_progress() returns jsonb language sql stable
begin atomic
    select jsonb_build_object('version', logic.search_text_version(), 'documents', count(*),
               'outdated', count(*) filter (where s.text_version < logic.search_text_version() or s.is_outdated))
      from ticket_search s;
end;
