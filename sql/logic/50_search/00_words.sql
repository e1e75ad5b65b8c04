-- Keeps ticket_search, which keyword search reads, in step with tickets and comments. Updates of tickets
-- are seen by logic.tickets_updated, which knows what changed.

-- The pieces of names from code: of src/live/relay.rs, max_rows or HttpServer, that people search by.
-- The parser keeps a path or a host name as one word and does not know camel case.
create function logic.split_code_identifiers(content text) returns text language sql immutable parallel safe
begin atomic
    with
    names as (
        select m.word[1] as name from regexp_matches(split_code_identifiers.content, '[[:alnum:]_./:#=-]+', 'g') m (word)
    )
    select coalesce(string_agg(regexp_replace(regexp_replace(translate(n.name, '/._:#=-', '       '),
               '([a-z0-9])([A-Z])', '\1 \2', 'g'), '([A-Z]+)([A-Z][a-z])', '\1 \2', 'g'), ' '), '')
      from names n
     where n.name ~ '[[:alnum:]][./:#=-][[:alnum:]]|[a-z0-9][A-Z]|[A-Z][A-Z][a-z]';
end;

-- A text's words: stems, and the pieces of names from code.
create function logic.text_to_search_vector(content text) returns tsvector language sql immutable parallel safe
begin atomic
    select to_tsvector('english', text_to_search_vector.content || ' ' || logic.split_code_identifiers(text_to_search_vector.content));
end;

-- The workflow as a word that all its tickets hold, so that the index of words finds those of one workflow.
create function logic.workflow_search_token(workflow text) returns tsquery language sql immutable parallel safe
begin atomic
    select quote_literal(workflow)::tsquery;
end;
