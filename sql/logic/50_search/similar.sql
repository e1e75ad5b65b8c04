-- Similar tickets: suggested while a new ticket is filed, and shown beside an existing one.

-- The relation that a cosine similarity stands for; null below 0.5. Measured on real tickets: 0.9 finds nine of ten copies
-- with small edits; of random pairs 0.07 % reach 0.7 and 1.5 % reach 0.5, of linked pairs a tenth and a half.
create function logic.similarity_relation(similarity double precision) returns text language sql immutable parallel safe
begin atomic
    select case when similarity >= 0.9 then 'duplicate' when similarity >= 0.7 then 'related' when similarity >= 0.5 then 'similar' end;
end;

-- The share of words that two texts have in common: 1 if they hold the same ones. `united` are the words of both.
create function logic.word_overlap(words tsvector, others tsvector, united tsvector) returns double precision language sql immutable parallel safe
begin atomic
    select (length(word_overlap.words) + length(word_overlap.others) - length(word_overlap.united))::float8 / nullif(length(word_overlap.united), 0);
end;

-- Tickets whose titles hold the most words of a title. One that shares more than half of n words holds one of the n/2
-- rarest, so only these are looked up; of common ones not all tickets are considered. The words are compared as the search
-- index has them, stemmed and as written: titles that share fewer than a seventh of them are never similar.
create function logic.tickets_with_title_words(workflow text, terms logic.search_term[], title_words tsvector, max_rows int)
returns text[] language plpgsql stable as $$
declare
    found text[];
begin
    -- Dynamic, so that it is planned for these words.
    execute 'select array(
                 select h.ticket_id
                   from (select s.ticket_id, ts_filter(s.document, ''{a}'') as words from ticket_search s
                          where s.document @@ (logic.workflow_search_token($1) && $2) limit 200) h
                  cross join lateral (select h.words || $3 as united offset 0) u
                  cross join lateral (select logic.word_overlap(h.words, $3, u.united) as overlap offset 0) o
                  where o.overlap >= 0.15
                  order by o.overlap desc, h.ticket_id desc limit $4)'
       into found
      using workflow, (select string_agg(logic.lexeme_query(t.word)::text || ':A', ' | ')::tsquery
                         from unnest(terms[:cardinality(terms) / 2 + 1]) t where t.word is not null), title_words, max_rows;
    return coalesce(found, '{}');
end
$$;

-- The tickets of a workflow that are similar to a text, most similar first: by meaning with `vector`, and by the words of
-- their titles those that have no vector yet. An equal title makes a similar ticket a duplicate, and without a vector
-- any ticket; if the texts mean something else, it is related. `besides` is left out.
create function logic.find_similar_tickets(workflow text, title text, model bigint, vector halfvec, besides text, max_rows int)
returns table (ticket_id text, similarity double precision) language plpgsql stable rows 5
-- Planning takes longer than the work.
set plan_cache_mode = 'force_generic_plan'
as $$
declare
    words constant tsvector := logic.text_to_search_vector(title);
    key constant uuid := logic.title_key(title);
    -- Tickets with an equal title.
    equal constant text[] := array(
        select s.ticket_id from ticket_search s
         where s.workflow_id = find_similar_tickets.workflow and s.title_key = key
         order by s.ticket_id desc limit max_rows + 1);
    worded text[] := '{}';
begin
    -- Without a vector nothing ranks before an equal title, so enough of them are the answer.
    if vector is not null or cardinality(equal) <= max_rows then
        worded := logic.tickets_with_title_words(workflow, logic.parse_search_terms(replace(title, '"', ' ')),
            words || logic.text_to_search_vector(title, false), max_rows + 10);
    end if;
    if vector is null and equal <@ array[besides] and worded <@ array[besides] then
        return;
    end if;
    return query
    with
    -- The nearest tickets in meaning.
    near as (
        select n.ticket_id, 1 - n.distance as similarity from logic.nearest_tickets(workflow, model, vector, '{}', max_rows + 20) n
         where vector is not null
    ),
    -- The others, with their similarity in meaning if they have a vector.
    others as materialized (
        select u.id as ticket_id, case when vector is not null then (
                   select 1 - min(e.embedding <=> vector) from ticket_embeddings e
                    where e.workflow_id = find_similar_tickets.workflow and e.model_id = model and e.ticket_id = u.id) end as similarity
          from (select unnest(equal) union select unnest(worded)) u (id)
         where not exists (select from near n where n.ticket_id = u.id)
    ),
    -- Those without a vector, with the words they share.
    worded_alike as materialized (
        select o.ticket_id, t.title, coalesce(logic.word_overlap(t.held, words, t.held || words), 0) as overlap
          from others o
         cross join lateral (select t.title, logic.text_to_search_vector(t.title) as held from tickets t where t.id = o.ticket_id offset 0) t
         where o.similarity is null
    ),
    -- All, without a vector by the words of their titles, which alone are no duplicates.
    scored as (
        select n.ticket_id, n.similarity, true as is_compared from near n
        union all
        select o.ticket_id, o.similarity, true from others o where o.similarity is not null
        union all
        select o.ticket_id, case when o.overlap = 1 and logic.title_key(o.title) = key then 0.9 else 0.89 * o.overlap end, false from worded_alike o
    ),
    -- With what an equal title adds.
    final as (
        select s.ticket_id, case when not s.ticket_id = any (equal) then s.similarity
                   when not s.is_compared or s.similarity >= 0.5 then greatest(s.similarity, 0.9)
                   else 0.7 end as similarity
          from scored s
    )
    select f.ticket_id, f.similarity
      from final f
     where f.ticket_id is distinct from besides and logic.similarity_relation(f.similarity) is not null
     order by 2 desc, 1 desc limit max_rows;
end
$$;

-- Whether a text was compared in meaning with all tickets of a workflow, and if not, what was done instead.
create function logic.meaning_json(workflow text, vector halfvec) returns jsonb language sql stable
begin atomic
    select jsonb_build_object('meaning_checked', m.is_checked, 'notice',
               case when m.is_checked then null
                    when vector is null then 'Meaning was not compared, only the words of titles.'
                    else 'Some tickets wait for their embedding; of these only the words of titles were compared.' end)
      from (select not logic.has_stale_embeddings(meaning_json.workflow, meaning_json.vector is not null) as is_checked) m;
end;

-- How a ticket is linked to another already, from the first one's point of view.
create function logic.ticket_link_kind(ticket tickets, other tickets) returns text language sql stable
begin atomic
    select case
        when (ticket).parent_ticket_id = (other).id then 'parent'
        when (other).parent_ticket_id = (ticket).id then 'child'
        when exists (select from logic.active_blockers k where k.ticket_id = (ticket).id and k.blocked_by_ticket_id = (other).id) then 'blocked_by'
        when exists (select from logic.active_blockers k where k.ticket_id = (other).id and k.blocked_by_ticket_id = (ticket).id) then 'blocks'
        when (other).id = any ((ticket).related_ticket_ids) or (ticket).id = any ((other).related_ticket_ids) then 'related' end;
end;

-- Similar tickets as JSON; `ticket` is the ticket that they are similar to, if there is one.
create function logic.similar_tickets_json(
    workflow text, title text, model bigint, vector halfvec, max_rows int, ticket text default null
) returns jsonb language plpgsql stable
-- Planning takes longer than the work.
set plan_cache_mode = 'force_generic_plan'
as $$
begin
    return (
        select coalesce(jsonb_agg(jsonb_build_object(
                   'ticket_id', t.id, 'key', 'TKT-' || t.number, 'title', t.title, 'status', t.status, 'priority', t.priority,
                   'is_resolved', t.is_resolved, 'similarity_score', round(r.similarity::numeric, 4),
                   'relation_type', logic.similarity_relation(r.similarity), 'link', logic.ticket_link_kind(own, t)) order by r.similarity desc, t.id desc), '[]')
          from logic.find_similar_tickets(workflow, title, model, vector, ticket, max_rows) r
          join tickets t on t.id = r.ticket_id
          left join tickets own on own.id = similar_tickets_json.ticket);
end
$$;

-- The vector of a whole ticket in the serving model.
create function logic.ticket_vector(ticket tickets, out model bigint, out vector halfvec) language sql stable
begin atomic
    select e.model_id, e.embedding
      from embedding_models m
      join ticket_embeddings e on e.model_id = m.id and e.workflow_id = (ticket).workflow_id and e.ticket_id = (ticket).id and e.part = 0
     where m.state = 'serving';
end;

-- GET /api/tickets/{id}/related
create function logic.related_tickets(caller text, ticket text, max_rows int default 5) returns jsonb language plpgsql as $$
declare
    tid constant text := (logic.authorize_ticket(caller, ticket, 'viewer')).ticket_id;
    row tickets;
    place record;
begin
    select * into row from tickets t where t.id = tid;
    select * into place from logic.ticket_vector(row);
    return jsonb_build_object('success', true, 'ticket_id', tid,
        'mode', case when place.vector is null then 'keyword' else 'semantic' end,
        'stale_embeddings', place.vector is null or exists (
            select from embedding_queue q where q.model_id = place.model and q.ticket_id = tid),
        'related', logic.similar_tickets_json(row.workflow_id, row.title, place.model, place.vector, max_rows, tid))
        || logic.meaning_json(row.workflow_id, place.vector);
end
$$;

-- POST /api/tickets/check-duplicate. `vector` is the embedding of the ticket that may be filed.
create function logic.check_duplicate(
    caller text, workflow text, title text, model bigint default null, vector halfvec default null, max_rows int default 5
) returns jsonb language plpgsql stable as $$
declare
    alike jsonb;
begin
    perform logic.authorize(caller, workflow, 'viewer');
    alike := logic.similar_tickets_json(workflow, title, model, vector, max_rows);
    return jsonb_build_object('success', true,
        'is_duplicate', coalesce(alike #>> '{0,relation_type}' = 'duplicate', false),
        'duplicate_of', case when alike #>> '{0,relation_type}' = 'duplicate' then logic.ticket_reference_json(alike #>> '{0,ticket_id}') end,
        'similar_tickets', alike,
        'mode', case when vector is null then 'keyword' else 'semantic' end,
        'stale_embeddings', logic.has_stale_embeddings(workflow, vector is not null))
        || logic.meaning_json(workflow, vector);
end
$$;
