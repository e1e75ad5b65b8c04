-- Reading a query: its words, and what its operators demand.

-- One word as a query.
create function logic.lexeme_query(word text, is_beginning boolean default false) returns tsquery language sql immutable
begin atomic
    select ('''' || replace(replace(word, '\', '\\'), '''', '''''') || '''' || case when is_beginning then ':*' else '' end)::tsquery;
end;

-- The units of a query: what quotes enclose, and what is between blanks; those without a word are left out. A minus
-- excludes a word or quote that follows, if something else remains to search for. Before a number, a single letter or
-- another minus it is part of the word: -1, -n and --no-verify are flags.
create function logic.query_units(query text)
returns table (place bigint, content text, is_quoted boolean, is_excluded boolean) language sql immutable as $$
    with
    -- The units, with the text that counts if they exclude, else null.
    units as (
        select m.n, m.found[2] is not null as is_quoted,
               case when m.found[2] is not null then m.found[2] else m.found[3] end as content,
               case when m.found[2] is not null then case when m.found[1] = '-' then m.found[2] end
                    when m.found[3] ~ '^-([A-Za-z][A-Za-z0-9]|[^\u0001-\u007f])' then substr(m.found[3], 2) end as excluded
          from regexp_matches(regexp_replace(left(query, 1000), '[\u0001-\u0020\u0085\u00a0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000]', ' ', 'g'),
                   '(-?)"([^"]*)"?|([^ "]+)', 'g') with ordinality m (found, n)
    ),
    -- Those with words, and whether any of them does not exclude.
    worded as (
        select u.*, bool_or(u.excluded is null) over () as remains
          from units u where u.content ~ logic.chunk_pattern()
    )
    select w.n, case when w.remains then coalesce(w.excluded, w.content) else w.content end, w.is_quoted, w.excluded is not null and w.remains
      from worded w
$$;

-- The words of a text one after another, as a query; null if it has only stop words. Names with a minus, plus or number sign
-- (--no-verify, c++) are required as such; so is a name that contains a stop word (no-verify), if it stands alone.
create function logic.phrase_query(content text) returns tsquery language sql immutable as $$
    with
    -- The words, with their distances to the one before.
    words as (
        select w.*, w.place - lag(w.place) over (order by w.place) as distance
          from logic.search_words(content, true) w where w.kind = 'part' and w.lexeme is not null
    ),
    -- The words joined to names.
    names as (
        select w.kind, w.lexeme, regexp_count(content, logic.chunk_pattern()) = 1 as is_alone
          from logic.search_words(content, true) w where w.kind <> 'part'
    ),
    -- The phrase; as one word if it is camel case; and the required names.
    parsed as (
        select (select string_agg(case when w.distance is not null then ' <' || least(w.distance, 16384) || '> ' else '' end || logic.lexeme_query(w.lexeme, w.is_start), '' order by w.place)
                  from words w) as phrase,
               (select string_agg(logic.lexeme_query(n.lexeme)::text, ' & ') from names n
                 where n.kind = 'name' and n.lexeme ~ '^[-+]|[#+]$'
                    or n.is_alone and n.kind = 'whole' and n.lexeme ~ '[-+]' and exists (
                        select from logic.search_words(content, true) w where w.kind = 'part' and w.lexeme is null and not w.is_start)) as required,
               case when content ~ '[a-z0-9][A-Z]|[A-Z][A-Z][a-z]' and content !~ '[^\u0001-\u007f]' then (
                   select string_agg(logic.lexeme_query(w.lexeme)::text, ' <-> ' order by w.place)
                     from logic.search_words(lower(content collate "C"), true) w where w.kind = 'part' and w.lexeme is not null) end as joined
    )
    select concat_ws(' & ', nullif('(' || concat_ws(' | ', '(' || p.phrase || ')', '(' || p.joined || ')') || ')', '()'), p.required)::tsquery
      from parsed p where p.phrase is not null or p.required is not null or p.joined is not null
$$;

-- What a query demands of a document: all words, phrases as they are quoted, and no excluded word; `or` separates
-- alternatives. Null if that is nothing.
create function logic.required_words_query(query text) returns tsquery language sql immutable as $$
    with
    -- The units as queries, with the number of the alternative they belong to.
    units as (
        select u.place, count(*) filter (where not u.is_quoted and lower(u.content collate "C") = 'or') over (order by u.place) as alternative,
               case when u.is_excluded then '!' else '' end || '(' || logic.phrase_query(u.content) || ')' as wanted
          from logic.query_units(query) u
    ),
    -- Each alternative.
    alternatives as (
        select '(' || string_agg(u.wanted, ' & ' order by u.place) || ')' as wanted from units u where u.wanted is not null group by u.alternative
    )
    select string_agg(a.wanted, ' | ')::tsquery from alternatives a
$$;
