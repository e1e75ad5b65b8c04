-- Search by words, by meaning, or by both. Scoring is the expensive part, so each side contributes a bounded number of
-- candidates, and only these are scored.

-- The score of both sides: cosine similarity, plus word coverage. On labelled queries this finds more than reciprocal
-- rank fusion, which ignores how far apart neighbours are. Words count more, the better the best ticket covers
-- them: then they are the ticket's own words, otherwise a paraphrase. The setting `search` weighs the sides:
-- {"semantic": 1, "keyword": 1}.
create function logic.search_score(similarity double precision, coverage double precision, best_coverage double precision, weights jsonb)
returns double precision language sql immutable parallel safe
begin atomic
    select coalesce((weights ->> 'semantic')::float8, 1) * greatest(coalesce(similarity, 0), 0)
           + coalesce((weights ->> 'keyword')::float8, 1) * coverage
             * (0.8 + 1.45 * least(1, greatest(0, (coalesce(best_coverage, 0) - 0.3) / 0.3)));
end;

-- Whether the query is one word that no ticket contains but others begin with: it has no meaning yet.
create function logic.is_unfinished_word(workflow text, terms logic.search_term[]) returns boolean language plpgsql stable as $$
declare
    is_held boolean;
begin
    if cardinality(terms) <> 1 or terms[1].beginning is null then
        return false;
    end if;
    -- Dynamic, so that it is planned for this word.
    execute 'select exists (select from ticket_search s where s.document @@ $1)'
       into is_held using logic.workflow_search_token(workflow) && terms[1].exact;
    return not is_held;
end
$$;

-- What a search finds, best first, at most 300: the distance in meaning (null without `vector`) and the coverage, which
-- measures how well the document contains the terms, from 0 to about 1.2. Each term counts by its rarity and by
-- where it is (title before tags, description and comments), a little less in long documents. `required`: words
-- that every document must contain, or null. `more`: whether there may be others.
create function logic.rank_search_candidates(
    workflow text, terms logic.search_term[], required tsquery, by_words boolean, filters jsonb, include_comments boolean,
    model bigint, vector halfvec
) returns table (ticket_id text, distance double precision, coverage double precision, score double precision, more boolean)
language plpgsql stable as $$
declare
    -- Weights of comments, description, tags and title, as ts_rank takes them.
    places constant real[] := case when include_comments then '{0.6,0.8,0.9,1}' else '{0,0.8,0.9,1}' end;
    weights constant jsonb := coalesce((select s.value from settings s where s.key = 'search'), '{}');
    holding record;
begin
    if by_words and logic.is_unfinished_word(workflow, terms) then
        vector := null;
    end if;
    if by_words then
        select * into holding from logic.find_tickets_by_terms(workflow, terms, required, filters, include_comments, 200);
    else
        select '{}'::text[] as ticket_ids, false as more into holding;
    end if;
    return query
    with
    -- The nearest tickets in meaning.
    near as materialized (
        select n.ticket_id, n.distance from logic.nearest_tickets(workflow, model, vector, filters, 100) n where vector is not null
    ),
    -- The candidates of both sides with both measures.
    weighed as materialized (
        select s.ticket_id,
               coalesce(c.distance, case when vector is not null then (
                   select min(e.embedding <=> vector) from ticket_embeddings e
                    where e.workflow_id = rank_search_candidates.workflow and e.model_id = model and e.ticket_id = s.ticket_id) end) as distance,
               case when by_words then (
                   select 10 * coalesce(sum(t.weight * greatest(ts_rank(places, s.document, t.exact),
                                  0.8 * least(1, coalesce(ts_rank(places, s.document, t.beginning), 0)))), 0)
                          / greatest(sum(t.weight), 0.001) / (4 + ln(1 + length(s.document)))
                     from unnest(terms) t) else 0 end as coverage
          from (select coalesce(k.id, n.ticket_id) as ticket_id, n.distance
                  from unnest(holding.ticket_ids) k (id) full join near n on n.ticket_id = k.id) c
          join ticket_search s on s.ticket_id = c.ticket_id
         where required is null or s.document @@ required
    )
    select w.ticket_id, w.distance, w.coverage,
           logic.search_score(1 - w.distance, w.coverage, max(w.coverage) over (), weights),
           vector is not null or holding.more
      from weighed w
     -- Drops tickets that share neither a word nor meaning.
     where w.coverage > 0 or w.distance < 0.85
     order by 4 desc, 1 desc;
end
$$;

-- A score as a relevance from 0 to 1. Without words it is the cosine; a ticket found by its key is 1.
create function logic.relevance_score(score double precision, is_named boolean, by_words boolean) returns double precision
language sql immutable parallel safe
begin atomic
    select case when is_named then 1 when by_words then score / (score + 0.5) else least(1, score) end;
end;

-- Whether meaning was not compared, or tickets of the workflow are still queued for embedding.
create function logic.has_stale_embeddings(workflow text, compared boolean) returns boolean language sql stable
begin atomic
    select not compared or exists (
        select from embedding_models m join embedding_queue q on q.model_id = m.id
         where m.state = 'serving' and q.workflow_id = has_stale_embeddings.workflow);
end;

-- POST /api/tickets/search. `vector` is the embedding of the query by `model`; without one the search is by words.
-- Phrases in quotes and -exclusions apply to both sides. A key (TKT-12) or an id is found first.
create function logic.search_tickets(
    caller text, workflow text, query text, search_type text default 'hybrid', filters jsonb default '{}', max_rows int default 10,
    include_comments boolean default true, model bigint default null, vector halfvec default null
) returns jsonb language plpgsql stable
-- Replanning for the partitions of vectors takes longer than most searches and gains nothing: queries that depend
-- on words or filters are dynamic. By default some connections kept replanning.
set plan_cache_mode = 'force_generic_plan'
as $$
declare
    started constant timestamptz := clock_timestamp();
    asked constant text := logic.trim_whitespace(query);
    by_words constant boolean := search_type <> 'semantic' or vector is null;
    meaning constant halfvec := case when search_type <> 'keyword' then vector end;
    terms constant logic.search_term[] := logic.parse_search_terms(asked);
    required constant tsquery := case when exists (select from logic.query_units(asked) u where u.is_quoted or u.is_excluded)
        then logic.required_words_query(asked) end;
    answer jsonb;
begin
    perform logic.authorize(caller, workflow, 'viewer');
    filters := logic.localize_filters(workflow, coalesce(filters, '{}'));
    with
    -- A ticket given by its key, its id or its external id; it comes first.
    named as materialized (
        select t.id as ticket_id from tickets t
         where t.workflow_id = search_tickets.workflow and logic.is_live(t) and logic.matches_filters(t, filters)
           and (t.id = asked or t.external_ref = asked
                or t.number = logic.parse_ticket_number(asked))
    ),
    -- What the search finds.
    found as materialized (
        select * from logic.rank_search_candidates(workflow, terms, required, by_words, filters, include_comments, model, meaning)
    ),
    -- The tickets to return.
    page as (
        select x.ticket_id, null::float8 as distance, 'infinity'::float8 as score, true as is_named from named x
        union all
        (select f.ticket_id, f.distance, f.score, false from found f where f.ticket_id not in (select x.ticket_id from named x)
          order by f.score desc, f.ticket_id desc limit max_rows)
        order by score desc, ticket_id desc limit max_rows
    )
    select jsonb_build_object(
        'success', true, 'query', query,
        'mode', case when meaning is null then 'keyword' when by_words then 'hybrid' else 'semantic' end,
        'results', coalesce(jsonb_agg(logic.search_result_json(t, logic.relevance_score(p.score, p.is_named, by_words), p.is_named, p.distance, terms, include_comments)
                       order by p.is_named desc, p.score desc, p.ticket_id desc), '[]'),
        'total_found', (select count(distinct a.ticket_id) from (select n.ticket_id from named n union all select f.ticket_id from found f) a),
        'total_is_exact', not coalesce((select bool_or(f.more) from found f), false),
        'stale_embeddings', search_type <> 'keyword' and logic.has_stale_embeddings(workflow, vector is not null),
        'notice', case when exists (select from ticket_search s where s.text_version < logic.search_text_version())
                       then 'The search index is being rebuilt after an upgrade; some words are not found yet.' end)
      into answer
      from page p join tickets t on t.id = p.ticket_id;
    return answer || jsonb_build_object('search_time_ms', round(extract(epoch from clock_timestamp() - started)::numeric * 1000, 2));
end
$$;
