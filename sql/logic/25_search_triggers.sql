-- Keeps ticket_search, which keyword search reads, in step with tickets and comments. Updates of tickets
-- are seen by logic.tickets_updated, which knows what changed.

-- The pieces of names from code: of src/live/relay.rs, max_rows or HttpServer, that people search by.
-- The parser keeps a path or a host name as one word and does not know camel case.
create function logic.code_words(content text) returns text language sql immutable parallel safe
begin atomic
    with
    names as (
        select m.word[1] as name from regexp_matches(code_words.content, '[[:alnum:]_./:#=-]+', 'g') m (word)
    )
    select coalesce(string_agg(regexp_replace(regexp_replace(translate(n.name, '/._:#=-', '       '),
               '([a-z0-9])([A-Z])', '\1 \2', 'g'), '([A-Z]+)([A-Z][a-z])', '\1 \2', 'g'), ' '), '')
      from names n
     where n.name ~ '[[:alnum:]][./:#=-][[:alnum:]]|[a-z0-9][A-Z]|[A-Z][A-Z][a-z]';
end;

-- A text's words: stems, and the pieces of names from code.
create function logic.words_of(content text) returns tsvector language sql immutable parallel safe
begin atomic
    select to_tsvector('english', words_of.content || ' ' || logic.code_words(words_of.content));
end;

-- The workflow as a word that all its tickets hold, so that the index of words finds those of one workflow.
create function logic.workflow_word(workflow text) returns tsquery language sql immutable parallel safe
begin atomic
    select quote_literal(workflow)::tsquery;
end;

-- A ticket's searchable text: title A (also as it is written, for prefixes), tags B, description C,
-- comments D. Only the newest 100,000 characters of comments count: a tsvector holds at most one megabyte.
create function logic.search_document(ticket text) returns tsvector language sql stable
begin atomic
    select setweight(logic.words_of(t.title) || to_tsvector('simple', t.title), 'A')
        || setweight(logic.words_of(array_to_string(t.tags, ' ')), 'B')
        || setweight(logic.words_of(t.description), 'C')
        || setweight(logic.words_of(coalesce(left((
               select string_agg(c.comment_text, ' ' order by c.created_at desc)
                 from ticket_comments c where c.ticket_id = t.id and c.deleted_at is null), 100000), '')), 'D')
        || logic.workflow_word(t.workflow_id)::text::tsvector
      from tickets t where t.id = search_document.ticket;
end;

-- Indexes tickets anew. Those that leave are taken out by logic.unindex_tickets.
create function logic.index_tickets(tickets text[]) returns void language sql
begin atomic
    insert into ticket_search (ticket_id, workflow_id, document)
    select t.id, t.workflow_id, logic.search_document(t.id)
      from unnest(index_tickets.tickets) u (id)
      join tickets t on t.id = u.id and logic.is_live(t)
    on conflict (ticket_id) do update set document = excluded.document, is_outdated = false;
end;

-- Composes documents anew that older rules composed, at most so many; answers how many there were. One that
-- somebody writes at this moment is theirs.
create function logic.reindex_outdated(max_rows int) returns int language plpgsql as $$
declare
    due text[] := array(select s.ticket_id from ticket_search s where s.is_outdated
                         order by s.ticket_id limit max_rows for update skip locked);
begin
    perform logic.index_tickets(due);
    -- What is not live any more is not found either.
    delete from ticket_search s where s.ticket_id = any (due) and s.is_outdated;
    return cardinality(due);
end
$$;

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

-- A comment that moved is no longer found with the ticket it came from.
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
