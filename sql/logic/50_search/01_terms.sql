-- Parsing a query into weighted terms.

-- A word of a query: how to look it up (`exact`, and `beginning` for a word that may be unfinished), the share of
-- tickets that contain it, its weight, and what words begin with if that suffices.
create type logic.search_term as (word text, exact tsquery, beginning tsquery, share real, weight real, start text);

-- A query that matches any of the terms.
create function logic.any_term_query(terms logic.search_term[]) returns tsquery language sql immutable
begin atomic
    select string_agg(coalesce((t.exact || t.beginning), t.exact)::text, ' | ')::tsquery
      from unnest(any_term_query.terms) t (word, exact, beginning, share, weight, start);
end;

-- The words of a query, the rarest first and at most 16. The weight of a word is its inverse document frequency,
-- ln(1/share). The last word of a short query also counts as a prefix, because people search while they type.
create function logic.parse_search_terms(query text) returns logic.search_term[] language sql stable
begin atomic
    with
    -- The query without what it excludes.
    plain as (
        select coalesce(string_agg(u.content, ' ' order by u.place), '') as content
          from logic.query_units(parse_search_terms.query) u where not u.is_excluded
    ),
    -- Its words.
    words as (
        select w.lexeme as word, bool_and(w.is_start) as is_start, count(*) over () as n
          from plain p cross join logic.search_words(p.content, true) w where w.lexeme <> '' group by w.lexeme
    ),
    -- What is being typed: the characters at the end, and their stem.
    typed as (
        select f.beginning, logic.stem_word(f.beginning) as word
          from plain p
         cross join lateral (
             select logic.lower_case(logic.fold_characters(
                 substring(p.content from '[^' || logic.separator_class() || logic.connector_class() || ']{2,}$'))) as beginning) f
         where f.beginning ~ ('^[^\u0001-\u002f' || logic.ideograph_class() || logic.syllable_class() || logic.emoji_class() || ']{2,}$')
    ),
    -- Every word, with its prefix if it is being typed and not a common word already; typed characters that are
    -- not a word yet ("th") are a term of their own.
    asked as (
        select w.word, s.share, t.beginning, w.is_start
          from words w
          left join search_words s on s.word = w.word collate "C"
          left join typed t on t.word = w.word and w.n <= 6 and coalesce(s.share, 0) < 0.01
        union all
        select t.beginning, null, t.beginning, false from typed t where t.word is null and not exists (select from words)
    ),
    -- The terms with their shares.
    weighed as (
        select a.word, a.beginning, a.is_start, coalesce(a.share,
                   (select sum(s.share) from search_words s
                     where (a.beginning is not null or a.is_start) and s.word ^@ (coalesce(a.beginning, a.word) collate "C")),
                   0.0004)::real as share
          from asked a
    )
    select coalesce(array_agg((w.word, logic.lexeme_query(w.word, w.is_start), logic.lexeme_query(w.beginning, true), least(w.share, 1)::real,
               ln(1 / least(greatest(w.share, 0.0005), 0.9))::real, coalesce(w.beginning, case when w.is_start then w.word end)
               )::logic.search_term order by w.share, w.word), '{}')
      from (select * from weighed order by share, word limit 16) w;
end;

-- The terms as one query that is expected to match a bounded number of tickets: any of the rarest words, as many as fit.
-- If even the rarest word is common (`is_common`), a second word is required. `is_cut`: words were left out.
create function logic.bounded_query(
    workflow text, terms logic.search_term[], max_rows int default 2000, out wanted tsquery, out is_common boolean, out is_cut boolean
) language sql stable
begin atomic
    with
    -- The expected number of matches of each word together with all rarer ones.
    counted as (
        select coalesce(t.exact || t.beginning, t.exact)::text as wanted, t.place,
               sum(t.share) over (order by t.place)
                   * (select c.last_number from ticket_counters c where c.workflow_id = bounded_query.workflow) as expected
          from unnest(bounded_query.terms) with ordinality t (word, exact, beginning, share, weight, start, place)
    )
    select case
               when min(c.expected) > max_rows and count(*) > 1 then
                   ('(' || string_agg(c.wanted, '') filter (where c.place = 1) || ') & ('
                    || string_agg(c.wanted, ' | ') filter (where c.place > 1) || ')')::tsquery
               else (string_agg(c.wanted, ' | ') filter (where c.place = 1 or c.expected <= max_rows))::tsquery end,
           coalesce(min(c.expected) > max_rows, false),
           coalesce(max(c.expected) > max_rows, false)
      from counted c;
end;

-- Refreshes the shares of words if Postgres has gathered new statistics about search documents (autovacuum does as the
-- table grows). With `gather`, e.g. after a bulk load, it gathers them first. Returns whether anything was read.
create function logic.refresh_search_words(gather boolean default false) returns boolean language plpgsql as $$
declare
    gathered timestamptz;
begin
    -- Concurrent refreshes would wait for each other's rows.
    if not pg_try_advisory_xact_lock(logic.lock_key('search_words')) then
        return false;
    end if;
    if gather then
        analyze ticket_search;
        gathered := clock_timestamp();
    else
        gathered := (select greatest(t.last_analyze, t.last_autoanalyze) from pg_stat_user_tables t
                      where t.relid = 'public.ticket_search'::regclass);
        if gathered is null or gathered <= (select (s.value #>> '{}')::timestamptz from settings s where s.key = 'search_words_at') then
            return false;
        end if;
    end if;
    with
    -- Words that at least one in a few thousand tickets contains, with their shares.
    seen as materialized (
        select u.word collate "C" as word, u.share
          from pg_stats s, unnest(s.most_common_elems::text::text[], s.most_common_elem_freqs) u (word, share)
         where s.schemaname = 'public' and s.tablename = 'ticket_search' and s.attname = 'document' and u.word is not null
           -- Queries never contain the token of a workflow (logic.workflow_search_token).
           and not exists (select from workflows w where w.id = u.word)
    ),
    -- New and changed shares.
    written as (
        insert into search_words as w (word, share) select s.word, s.share from seen s
        on conflict (word) do update set share = excluded.share where w.share <> excluded.share
    )
    delete from search_words w where exists (select from seen) and not exists (select from seen s where s.word = w.word);
    insert into settings (key, value) values ('search_words_at', to_jsonb(gathered))
    on conflict (key) do update set value = excluded.value;
    return true;
end
$$;
