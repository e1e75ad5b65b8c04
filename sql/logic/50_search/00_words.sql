-- Turning text into search words.

-- The parts of identifiers from code (src/live/relay.rs, max_rows, HttpServer), so that people find them by a part. The
-- text parser keeps a path or a host name as one word and does not split camel case.
create function logic.split_code_identifiers(content text) returns text language sql immutable parallel safe
begin atomic
    with
    -- Words that may be identifiers.
    names as (
        select m.word[1] as name from regexp_matches(split_code_identifiers.content, '[[:alnum:]_./:#=-]+', 'g') m (word)
    )
    select coalesce(string_agg(regexp_replace(regexp_replace(translate(n.name, '/._:#=-', '       '),
               '([a-z0-9])([A-Z])', '\1 \2', 'g'), '([A-Z]+)([A-Z][a-z])', '\1 \2', 'g'), ' '), '')
      from names n
     where n.name ~ '[[:alnum:]][./:#=-][[:alnum:]]|[a-z0-9][A-Z]|[A-Z][A-Z][a-z]';
end;

-- The words of a text: stems, and the parts of code identifiers.
create function logic.text_to_search_vector(content text) returns tsvector language sql immutable parallel safe
begin atomic
    select to_tsvector('english', text_to_search_vector.content || ' ' || logic.split_code_identifiers(text_to_search_vector.content));
end;

-- A token that all documents of a workflow contain, so that the word index can restrict a search to one workflow.
create function logic.workflow_search_token(workflow text) returns tsquery language sql immutable parallel safe
begin atomic
    select quote_literal(workflow)::tsquery;
end;
