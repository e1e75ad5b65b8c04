-- Highlights: the original text with the words of a query marked. U+E000 and U+E001 stand for the marks until the text is
-- made safe for HTML; U+0001 and U+0002 enclose chunks.

-- Text that is safe inside HTML.
create function logic.escape_html(content text) returns text language sql immutable parallel safe
begin atomic
    select replace(replace(replace(replace(content, '&', '&amp;'), '<', '&lt;'), '>', '&gt;'), '"', '&quot;');
end;

-- A pattern of the given sequences of characters where they overlap or follow each other: a character counts if the rest
-- of a sequence is beside it.
create function logic.sequence_pattern(sequences text[]) returns text language sql immutable parallel safe
begin atomic
    select '(?:' || string_agg(case when i > 1 then '(?<=' || left(s, i - 1) || ')' else '' end || substr(s, i, 1)
                || case when i < char_length(s) then '(?=' || substr(s, i + 1) || ')' else '' end, '|') || ')+'
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

-- The pieces of a text in order: each chunk, marked if it matches, with what follows it. `offset_at` counts characters.
create function logic.marked_pieces(content text, terms logic.search_term[])
returns table (n bigint, piece text, is_hit boolean, offset_at bigint) language plpgsql immutable parallel safe
set plan_cache_mode = 'force_generic_plan'
as $$
declare
    wanted constant text[] := array(select t.word from unnest(terms) t where t.word is not null);
    starts constant text[] := array(select t.start from unnest(terms) t where t.start is not null);
begin
    return query
    with
    -- Each chunk, null before the first one, with what follows it.
    pieces as (
        select p.n, case when strpos(p.raw, U&'\0002') > 0 then split_part(p.raw, U&'\0002', 1) end as chunk,
               case when strpos(p.raw, U&'\0002') > 0 then split_part(p.raw, U&'\0002', 2) else p.raw end as rest
          from string_to_table(regexp_replace(translate(content, U&'\E000\E001\0001\0002', ''), logic.chunk_pattern(), U&'\0001\\&\0002', 'g'), U&'\0001')
               with ordinality p (raw, n)
    ),
    -- With the marked chunk, null if it does not match.
    marked as (
        select p.*, case when logic.is_plain_word(p.chunk) then
                   case when logic.stem_word(lower(p.chunk collate "C")) = any (wanted)
                          or exists (select from unnest(starts) s where lower(p.chunk collate "C") ^@ s) then U&'\E000' || p.chunk || U&'\E001' end
               when p.chunk is not null then logic.mark_chunk(p.chunk, wanted, starts) end as hit
          from pieces p
    )
    select m.n, coalesce(m.hit, m.chunk, '') || m.rest, m.hit is not null,
           sum(coalesce(char_length(m.chunk), 0) + char_length(m.rest)) over (order by m.n) - coalesce(char_length(m.chunk), 0) - char_length(m.rest)
      from marked m;
end
$$;

-- A text as HTML with <mark> around the words of a query.
create function logic.highlight_html(content text, terms logic.search_term[]) returns text language sql immutable
begin atomic
    select replace(replace(logic.escape_html(coalesce(string_agg(p.piece, '' order by p.n), '')), U&'\E000', '<mark>'), U&'\E001', '</mark>')
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
    if char_length(content) <= 1500 then
        return content;
    end if;
    lowered := logic.lower_case(content);
    place := (select min(p.place)
                from unnest(words) w
               cross join lateral (select nullif(regexp_instr(lowered, '(^|[' || logic.separator_class() || logic.connector_class() || '])'
                                       || regexp_replace(w, '([^\u0080-\U0010ffff])', '[\1]', 'g')), 0) as place) p);
    if place is null then
        place := (select min(nullif(strpos(lowered, w), 0)) from unnest(words) w);
    end if;
    if place is null and lowered ~ '[^\u0001-\u007f]' then
        lowered := logic.fold_characters(lowered);
        place := (select min(nullif(strpos(lowered, w), 0)) from unnest(words) w);
    end if;
    return substr(content, greatest(1, coalesce(place, 1) - 200), 1500);
end
$$;

-- One or two fragments of a text with most of the words, as HTML; its beginning if it has none of them.
create function logic.preview_html(content text, terms logic.search_term[]) returns text language plpgsql immutable
set plan_cache_mode = 'force_generic_plan'
as $$
declare
    shown text;
begin
    if terms = '{}' then
        return logic.escape_html(left(content, 240));
    end if;
    with
    -- The pieces of the part of the text that is looked at.
    pieces as materialized (
        select p.*, count(*) filter (where p.is_hit) over (order by p.offset_at range between current row and 180 following) as hits
          from logic.marked_pieces(logic.excerpt_around_terms(content, terms), terms) p
    ),
    -- Where the best fragment begins, and the best one that does not touch it.
    best as (
        select p.offset_at from pieces p where p.is_hit order by p.hits desc, p.n limit 1
    ),
    second as (
        select p.offset_at from pieces p cross join best b
         where p.is_hit and (p.offset_at > b.offset_at + 230 or p.offset_at < b.offset_at - 230) order by p.hits desc, p.n limit 1
    ),
    -- Each fragment. A piece longer than a fragment is cut around its first mark.
    fragments as (
        select f.offset_at, string_agg(case when char_length(p.piece) <= 240 then p.piece
                   else substr(p.piece, greatest(1, strpos(p.piece, U&'\E000') - 60), 240) end, '' order by p.n) as content
          from (select b.offset_at from best b union all select s.offset_at from second s) f
          join pieces p on p.offset_at between f.offset_at - 40 and f.offset_at + 180
         group by f.offset_at
    )
    select string_agg(btrim(f.content, E' \n\r\t') || case when char_length(translate(f.content, U&'\E001', '')) > char_length(translate(f.content, U&'\E000', ''))
               then U&'\E001' else '' end, ' … ' order by f.offset_at) into shown from fragments f;
    shown := coalesce(shown, left(translate(content, U&'\E000\E001', ''), 240));
    return replace(replace(logic.escape_html(shown), U&'\E000', '<mark>'), U&'\E001', '</mark>');
end
$$;
