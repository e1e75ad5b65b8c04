-- Highlights: the original text with the words of a query marked. U+E000 and U+E001 stand for the marks until the text is
-- made safe for HTML; U+0001 and U+0002 enclose chunks.

-- Text that is safe inside HTML.
create function logic.escape_html(content text) returns text language sql immutable parallel safe
begin atomic
    select replace(replace(replace(replace(content, '&', '&amp;'), '<', '&lt;'), '>', '&gt;'), '"', '&quot;');
end;

-- A pattern that matches a text literally.
create function logic.literal_pattern(content text) returns text language sql immutable parallel safe
begin atomic
    select regexp_replace(literal_pattern.content, '([^A-Za-z0-9\u0080-\U0010ffff])', '\\\1', 'g');
end;

-- A pattern of the given sequences of characters where they overlap or follow each other: a character counts if the rest
-- of a sequence is beside it.
create function logic.sequence_pattern(sequences text[]) returns text language sql immutable parallel safe
begin atomic
    select '(?:' || string_agg(case when i > 1 then '(?<=' || logic.literal_pattern(left(s, i - 1)) || ')' else '' end
                || logic.literal_pattern(substr(s, i, 1))
                || case when i < char_length(s) then '(?=' || logic.literal_pattern(substr(s, i + 1)) || ')' else '' end, '|') || ')+'
      from unnest(sequence_pattern.sequences) s cross join lateral generate_series(1, char_length(s)) i;
end;

-- A chunk that is not plain with its matching parts marked, or all of it where it matches as a name; null if it does not
-- match. Scripts without blanks are marked within their words.
create function logic.mark_chunk(chunk text, wanted text[], starts text[]) returns text language plpgsql immutable parallel safe
set plan_cache_mode = 'force_generic_plan'
as $$
declare
    -- The words that match: themselves, or what they begin with.
    hits text[];
    is_named boolean;
    marked text;
begin
    select array_agg(distinct coalesce(s.start, w.lexeme)), bool_or(w.kind <> 'part' and w.lexeme = any (wanted) and w.lexeme !~ '/'
               or w.kind <> 'part' and w.lexeme = any (wanted) and char_length(w.lexeme) >= char_length(chunk) - 2)
      into hits, is_named
      from logic.search_words(chunk) w
      left join lateral (select s as start from unnest(starts) s where w.lexeme ^@ s and not w.lexeme = any (wanted) limit 1) s on true
     where w.lexeme = any (wanted) or s.start is not null;
    if hits is null then
        return null;
    elsif is_named and chunk !~ '/' or chunk ~ '^[^\u0080-\U0010ffff]*$' and chunk !~ ('[' || logic.connector_class() || ']')
       or is_named and char_length(chunk) < 200 and lower(chunk collate "C") = any (wanted) then
        return U&'\E000' || chunk || U&'\E001';
    elsif chunk ~ ('[' || logic.connector_class() || ']') then
        select string_agg(case when p.part !~ ('[' || logic.connector_class() || ']') then coalesce(logic.mark_chunk(p.part, wanted, starts), p.part)
                   else p.part end, '' order by p.n) into marked
          from (select m.found[1] as part, m.n from regexp_matches(chunk,
                    '[' || logic.connector_class() || ']+|[^' || logic.connector_class() || ']+', 'g') with ordinality m (found, n)) p;
        return marked;
    end if;
    marked := regexp_replace(chunk, '(?i)' || logic.sequence_pattern(hits), U&'\E000\\&\E001', 'g');
    return case when marked = chunk or chunk !~ ('[' || logic.ideograph_class() || logic.syllable_class() || logic.emoji_class() || ']')
                then U&'\E000' || chunk || U&'\E001' else marked end;
end
$$;

-- What a word contains, as it is written, if it has a stem; a stem may differ at the end (size for sizing, tri for try).
create function logic.stem_beginning(stem text) returns text language sql immutable parallel safe
begin atomic
    select case when stem_beginning.stem ~ '^[a-z]{2,}[eiy]$' then left(stem_beginning.stem, -1) else stem_beginning.stem end;
end;

-- A pattern of chunks that may match: those with the beginning of a word, and those that are not ASCII, as they may match
-- once they are folded.
create function logic.candidate_pattern(beginnings text[]) returns text language sql immutable parallel safe
begin atomic
    select '(?i)[^' || logic.separator_class() || ']*(?:'
           || string_agg(logic.literal_pattern(b), '|')
           || '|[^\u0001-\u007f' || logic.separator_class() || '])[^' || logic.separator_class() || ']*'
      from unnest(candidate_pattern.beginnings) b;
end;

-- The pieces of a text in order: each chunk that may match, marked if it does, where it begins and ends in characters, and
-- the text up to the next one.
create function logic.marked_pieces(content text, terms logic.search_term[])
returns table (n bigint, marked text, is_hit boolean, first_at bigint, end_at bigint, rest text) language plpgsql immutable parallel safe
set plan_cache_mode = 'force_generic_plan'
as $$
declare
    wanted constant text[] := array(select t.word from unnest(terms) t where t.word is not null);
    starts constant text[] := array(select t.start from unnest(terms) t where t.start is not null);
    beginnings constant text[] := array(select logic.stem_beginning(w) from unnest(wanted || starts) w);
    candidates constant text := logic.candidate_pattern(beginnings);
begin
    return query
    with
    -- The text between candidates, each piece with its candidate; the first one has none.
    pieces as (
        select p.n, case when strpos(p.raw, U&'\0002') > 0 then split_part(p.raw, U&'\0002', 1) else '' end as candidate,
               case when strpos(p.raw, U&'\0002') > 0 then split_part(p.raw, U&'\0002', 2) else p.raw end as rest
          from string_to_table(coalesce(regexp_replace(translate(content, U&'\E000\E001\0001\0002', ''), candidates, U&'\0001\\&\0002', 'g'), content), U&'\0001')
               with ordinality p (raw, n)
    ),
    -- With the chunk, which a candidate begins with.
    chunks as (
        select p.n, p.candidate, p.rest, substring(p.candidate from logic.chunk_pattern()) as chunk from pieces p
    ),
    -- With the marked chunk, null if it does not match, and with the characters before the piece.
    hits as (
        select c.*, case when logic.is_plain_word(c.chunk) then
                   case when logic.stem_word(lower(c.chunk collate "C")) = any (wanted)
                          or exists (select from unnest(starts) s where lower(c.chunk collate "C") ^@ s) then U&'\E000' || c.chunk || U&'\E001' end
               when exists (select from unnest(beginnings) b where strpos(logic.lower_case(logic.fold_characters(c.chunk)), b) > 0)
                   then logic.mark_chunk(c.chunk, wanted, starts) end as hit,
               sum(char_length(c.candidate) + char_length(c.rest)) over (order by c.n) - char_length(c.candidate) - char_length(c.rest) as before
          from chunks c
    )
    select h.n, coalesce(h.hit || substr(h.candidate, char_length(h.chunk) + 1), h.candidate), h.hit is not null,
           h.before, h.before + char_length(h.candidate), h.rest
      from hits h;
end
$$;

-- A text as HTML with <mark> around the words of a query.
create function logic.highlight_html(content text, terms logic.search_term[]) returns text language sql immutable
begin atomic
    select replace(replace(logic.escape_html(coalesce(string_agg(p.marked || p.rest, '' order by p.n), '')), U&'\E000', '<mark>'), U&'\E001', '</mark>')
      from logic.marked_pieces(highlight_html.content, highlight_html.terms) p;
end;

-- The part of a long text around the first of the words: where a word begins with one, else where one is contained, else
-- where one is after folding, else the beginning.
create function logic.excerpt_around_terms(content text, terms logic.search_term[]) returns text language plpgsql immutable as $$
declare
    words constant text[] := array(select t.word from unnest(terms) t where t.word is not null);
    lowered text;
    place int;
begin
    if char_length(content) <= 800 then
        return content;
    end if;
    lowered := logic.lower_case(content);
    place := (select min(p.place)
                from unnest(words) w
               cross join lateral (select nullif(regexp_instr(lowered, '(^|[' || logic.separator_class() || logic.connector_class() || '])' || logic.literal_pattern(w)), 0) as place) p);
    if place is null then
        place := (select min(nullif(strpos(lowered, w), 0)) from unnest(words) w);
    end if;
    if place is null and lowered ~ '[^\u0001-\u007f]' then
        lowered := logic.fold_characters(lowered);
        place := (select min(nullif(strpos(lowered, w), 0)) from unnest(words) w);
    end if;
    return substr(content, greatest(1, coalesce(place, 1) - 150), 800);
end
$$;

-- One or two fragments of a text with most of the words, as HTML; its beginning if it has none of them.
create function logic.preview_html(content text, terms logic.search_term[]) returns text language plpgsql immutable
set plan_cache_mode = 'force_generic_plan'
as $$
declare
    excerpt constant text := logic.excerpt_around_terms(content, terms);
    shown text;
begin
    if terms = '{}' then
        return logic.escape_html(left(content, 240));
    end if;
    with
    -- The part of the text that is looked at, in pieces, with the number of matches from each one on.
    pieces as materialized (
        select p.*, count(*) filter (where p.is_hit) over (order by p.first_at range between current row and 150 following) as hits
          from logic.marked_pieces(excerpt, terms) p
    ),
    -- Where the best fragment has its first match, and the best other one.
    best as (
        select p.first_at from pieces p where p.is_hit order by p.hits desc, p.n limit 1
    ),
    second as (
        select p.first_at from pieces p cross join best b
         where p.is_hit and abs(p.first_at - b.first_at) > 230 order by p.hits desc, p.n limit 1
    ),
    -- Each fragment: what lies between two places. A match that is longer (a text without blanks) is cut around its mark.
    fragments as (
        select f.first_at, string_agg(
                   case when p.first_at < f.first_at - 60 or p.first_at > f.first_at + 170 then ''
                        when char_length(p.marked) <= 240 then p.marked
                        else substr(p.marked, greatest(1, strpos(p.marked, U&'\E000') - 60), 240) end
                   || substr(p.rest, greatest(f.first_at - 60 - p.end_at, 0)::int + 1,
                          greatest(f.first_at + 170 - greatest(p.end_at, f.first_at - 60), 0)::int), '' order by p.n) as content
          from (select b.first_at from best b union all select s.first_at from second s) f
         cross join pieces p
         group by f.first_at
    ),
    -- Without words that are cut at the ends.
    trimmed as (
        select f.first_at, btrim(regexp_replace(case when f.first_at > 60 then regexp_replace(f.content, '^[^ \n\uE000]{0,25}[ \n]', '') else f.content end,
                   case when f.first_at + 170 < char_length(excerpt) then '[ \n][^ \n\uE001]{0,25}$' else '$' end, ''), E' \n\r\t') as content
          from fragments f
    )
    select string_agg(t.content || case when char_length(translate(t.content, U&'\E001', '')) > char_length(translate(t.content, U&'\E000', ''))
               then U&'\E001' else '' end, ' … ' order by t.first_at) into shown from trimmed t;
    shown := coalesce(shown, left(translate(content, U&'\E000\E001', ''), 240));
    return replace(replace(logic.escape_html(shown), U&'\E000', '<mark>'), U&'\E001', '</mark>');
end
$$;
