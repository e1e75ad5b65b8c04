-- Turning text into search words: documents, queries, titles and highlights all go through logic.search_words.

-- A pattern of what is written together: words, and names of code with the connectors inside, before (--no-verify, .env)
-- and the signs after (C++, C#).
create function logic.chunk_pattern() returns text language sql immutable parallel safe return
    '[' || logic.connector_class() || ']*'
    || '[^' || logic.separator_class() || logic.connector_class() || ']+'
    || '(?:[' || logic.connector_class() || ']+[^' || logic.separator_class() || logic.connector_class() || ']+)*[#+\uff03\uff0b]*';

-- The punctuation of ASCII.
create function logic.ascii_punctuation() returns text language sql immutable parallel safe return '!"#$%&''()*+,-./:;<=>?@[\]^_`{|}~';

-- Whether a chunk is a single word of ASCII letters and digits, which most are.
create function logic.is_plain_word(chunk text) returns boolean language sql immutable parallel safe
begin atomic
    select is_plain_word.chunk ~ '^([A-Z]*[0-9]*|[A-Z]?[a-z0-9]+)$';
end;

-- The word that documents hold for a folded word: the stem if it is of ASCII letters (null for a stop word), else the
-- word itself. The limit keeps pasted data out, and is far below the one of tsvector.
create function logic.stem_word(word text) returns text language sql immutable parallel safe
begin atomic
    select case when stem_word.word ~ '^[a-z]+$' then (ts_lexize('english_stem', left(stem_word.word, 100)))[1]
                else left(stem_word.word, 100) end;
end;

-- Whether a folded word has to be taken apart: it is camel case, or of a script without blanks, or has emoji.
create function logic.is_compound_word(word text) returns boolean language sql immutable parallel safe
begin atomic
    select is_compound_word.word ~ ('[a-z0-9][A-Z]|[A-Z][A-Z][a-z]|['
           || logic.ideograph_class() || logic.syllable_class() || logic.emoji_class() || ']');
end;

-- The parts of a compound word, with their order: runs of scripts without blanks as all sequences of two or three characters
-- (the last ones are shorter), emoji, parts of camel case and the whole, else the word. `asked`: it is of a query;
-- `is_start`: that means all words that begin like this. A part that only keeps the places of others is null.
create function logic.word_parts(word text, asked boolean)
returns table (shift bigint, kind text, part text, is_start boolean) language plpgsql immutable parallel safe as $$
declare
    run text;
    size int;
begin
    shift := 0;
    kind := 'part';
    is_start := false;
    if word !~ '[^\u0001-\u007f]' then
        for part in
            select lower(p collate "C") from string_to_table(regexp_replace(regexp_replace(word,
                '([a-z0-9])([A-Z])', '\1 \2', 'g'), '([A-Z]+)([A-Z][a-z])', '\1 \2', 'g'), ' ') p
        loop
            return next;
            shift := shift + 1;
        end loop;
        shift := 0;
        kind := 'whole';
        part := lower(word collate "C");
        return next;
        return;
    end if;
    for run in
        select m.found[1] from regexp_matches(word, '[' || logic.ideograph_class() || ']+|[' || logic.syllable_class() || ']+|['
            || logic.emoji_class() || ']|[^' || logic.ideograph_class() || logic.syllable_class() || logic.emoji_class() || ']+', 'g') m (found)
    loop
        size := case when run ~ ('^[' || logic.ideograph_class() || ']') then 2 when run ~ ('^[' || logic.syllable_class() || ']') then 3 end;
        if size is null then
            part := logic.lower_case(run);
            is_start := false;
            return next;
            shift := shift + 1;
            continue;
        end if;
        -- A query of enough characters needs no shorter sequences. Windows, because substr() counts from the beginning.
        return query
            select word_parts.shift + g.n - 1, 'part', case when not asked or g.n = 1 or char_length(g.part) = size then g.part end,
                   asked and char_length(g.part) < size
              from (select c.n, concat(c.sign, lead(c.sign) over w, case when size = 3 then lead(c.sign, 2) over w end) as part
                      from string_to_table(run, null) with ordinality c (sign, n) window w as (order by c.n)) g;
        shift := shift + char_length(run);
    end loop;
end
$$;

-- The words of a text with their places, counted from 1. `kind`: 'part'; 'whole' for several parts as one word (pool.rs,
-- no-verify, httpserver); 'name' for a whole with the signs around it (--no-verify, c#). The lexeme of a stop word is
-- null. `asked` and `is_start` as in logic.word_parts.
create function logic.search_words(content text, asked boolean default false, stemmed boolean default true)
returns table (place bigint, kind text, lexeme text, is_start boolean) language plpgsql immutable parallel safe
-- Planning takes as long as a few thousand words; by default it would be done for every text.
set plan_cache_mode = 'force_generic_plan'
as $$
begin
    return query
    with
    -- What is written together.
    chunks as materialized (
        select m.found[1] as chunk, m.n, logic.is_plain_word(m.found[1]) as is_plain
          from regexp_matches(content, logic.chunk_pattern(), 'g') with ordinality m (found, n)
    ),
    -- Chunks that are not plain, folded; a zero width space separates parts, but not within the whole.
    folded as materialized (
        select c.n, logic.fold_characters(c.chunk) as name,
               case when c.chunk ~ '\u200b' then logic.fold_characters(replace(c.chunk, U&'\200B', ' ')) end as spaced
          from chunks c where not c.is_plain
    ),
    -- Their parts.
    parts as materialized (
        select f.n, p.n as m, p.part, logic.is_compound_word(p.part) as is_compound
          from folded f
         cross join lateral string_to_table(
               translate(coalesce(f.spaced, f.name), logic.ascii_punctuation(), repeat(' ', 32)), ' ') with ordinality p (part, n)
         where p.part <> ''
    ),
    -- The names without the signs around them.
    cores as materialized (
        select f.n, 1 + char_length(f.name) - char_length(ltrim(f.name, logic.ascii_punctuation())) as m,
               logic.lower_case(rtrim(f.name, './@_')) as name, logic.lower_case(btrim(f.name, '-#+./@_')) as core, f.spaced
          from folded f where ltrim(f.name, logic.ascii_punctuation()) <> ''
    ),
    -- All words: plain ones, parts, parts of compound words, wholes, files and names of a path, names.
    words as (
        select c.n, 0::bigint as m, 0::bigint as shift, 'part' as kind,
               case when stemmed then logic.stem_word(lower(c.chunk collate "C")) else left(lower(c.chunk collate "C"), 100) end as lexeme,
               false as is_start
          from chunks c where c.is_plain
        union all
        select p.n, p.m, 0, 'part', case when stemmed then logic.stem_word(logic.lower_case(p.part)) else left(logic.lower_case(p.part), 100) end, false
          from parts p where not p.is_compound
        union all
        select p.n, p.m, w.shift, w.kind, case when stemmed then logic.stem_word(w.part) else left(w.part, 100) end, w.is_start
          from parts p cross join lateral logic.word_parts(p.part, asked) w where p.is_compound
        union all
        select c.n, c.m, 0, 'whole', left(c.core, 100), false
          from cores c where c.core ~ '[-#+./@_]' or c.spaced is not null
        union all
        select c.n, c.m, 0, 'whole', left(s, 100), false
          from cores c cross join lateral string_to_table(c.core, '/') s where strpos(c.core, '/') > 0 and s ~ '[-#+.@_]'
        union all
        select c.n, c.m, 0, 'name', left(c.name, 100), false from cores c where c.name <> c.core
    )
    select dense_rank() over (order by w.n, w.m, w.shift), w.kind, w.lexeme, w.is_start from words w;
end
$$;

-- Whether a text is ASCII without names of code, camel case and very long words, as most are: its words are then what is
-- between signs.
create function logic.is_plain_text(content text) returns boolean language sql immutable parallel safe
begin atomic
    select is_plain_text.content !~ '[^\u0001-\u007f]|[-#+./@\\_][A-Za-z0-9]|[A-Za-z0-9][#+]|[a-z0-9][A-Z]|[A-Z][A-Z][a-z]|[0-9][A-Za-z]|[A-Za-z0-9]{101}';
end;

-- The words of a text as a search document, bounded well below the megabyte that a tsvector holds.
create function logic.text_to_search_vector(content text, stemmed boolean default true) returns tsvector
language plpgsql immutable parallel safe
set plan_cache_mode = 'force_generic_plan'
as $$
begin
    -- In a plain text Postgres' parser finds the same words, in a tenth of the time.
    if logic.is_plain_text(content) then
        return to_tsvector(case when stemmed then 'pg_catalog.english' else 'pg_catalog.simple' end::regconfig,
            translate(content, logic.ascii_punctuation(), repeat(' ', 32)));
    end if;
    return (
        with
        -- Each word with its places.
        words as (
            select w.lexeme, min(w.place) as first, string_agg(w.place::text, ',') as places, count(*) as n
              from logic.search_words(content, false, stemmed) w
             where w.lexeme <> '' and w.place < 60000
             group by w.lexeme
        ),
        -- With the size of all up to it.
        sized as (
            select w.*, sum(octet_length(w.lexeme) + 4 + 2 * least(w.n, 256)) over (order by w.first, w.lexeme) as size from words w
        )
        select coalesce(string_agg(quote_literal(s.lexeme) || ':' || s.places, ' ')::tsvector, '') from sized s where s.size < 400000);
end
$$;

-- A title for comparison: its words, without case, accents and punctuation; as written if it has none.
create function logic.normalize_title(title text) returns text language sql immutable parallel safe
begin atomic
    select case when logic.is_plain_text(normalize_title.title) and normalize_title.title ~ '[A-Za-z0-9]'
        then btrim(regexp_replace(lower(normalize_title.title collate "C"), '[^a-z0-9]+', ' ', 'g'))
        else (select coalesce(string_agg(w.lexeme, ' ' order by w.place, w.lexeme), logic.lower_case(normalize_title.title))
                from logic.search_words(normalize_title.title, false, false) w where w.kind <> 'whole') end;
end;

-- A token that all documents of a workflow contain, so that the word index can restrict a search to one workflow.
create function logic.workflow_search_token(workflow text) returns tsquery language sql immutable parallel safe
begin atomic
    select quote_literal(workflow)::tsquery;
end;
