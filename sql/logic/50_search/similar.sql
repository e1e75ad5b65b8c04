-- Similar tickets: suggested while a new ticket is filed, and shown beside an existing one.

-- The relation that a cosine similarity stands for; null below 0.5. Measured on real tickets: 0.9 finds nine of ten copies
-- with small edits; of random pairs 0.07 % reach 0.7 and 1.5 % reach 0.5, of linked pairs a tenth and a half.
create function logic.similarity_relation(similarity double precision) returns text language sql immutable parallel safe
begin atomic
    select case when similarity >= 0.9 then 'duplicate' when similarity >= 0.7 then 'related' when similarity >= 0.5 then 'similar' end;
end;


-- The tickets of a workflow that are similar to a text, most similar first: by meaning with `vector`, else by the words of
-- their titles. An equal title makes a related ticket a duplicate, and without a vector any ticket. `besides` is
-- left out.
create function logic.find_similar_tickets(workflow text, title text, model bigint, vector halfvec, besides text, max_rows int)
returns table (ticket_id text, similarity double precision) language plpgsql stable as $$
begin
    return query
    with
    -- The nearest tickets in meaning.
    near as (
        select n.ticket_id, 1 - n.distance as similarity from logic.nearest_tickets(workflow, model, vector, '{}', max_rows + 20) n
         where vector is not null
    ),
    -- Without a vector: the share of words that both titles have in common, below the duplicate threshold.
    worded as (
        select c.ticket_id, 0.89 * cardinality(array(select unnest(c.lexemes) intersect select unnest(c.wanted)))::float8
                   / greatest(cardinality(array(select unnest(c.lexemes) union select unnest(c.wanted))), 1) as similarity
          from (select f.ticket_id, tsvector_to_array(to_tsvector('english', t.title)) as lexemes,
                       tsvector_to_array(to_tsvector('english', find_similar_tickets.title)) as wanted
                  from logic.rank_search_candidates(workflow, logic.parse_search_terms(find_similar_tickets.title), null, true, '{}', false, null, null) f
                  join tickets t on t.id = f.ticket_id
                 where vector is null) c
    ),
    -- Tickets with an equal title.
    named_alike as (
        select t.id as ticket_id
          from ticket_search s join tickets t on t.id = s.ticket_id
         where s.workflow_id = find_similar_tickets.workflow
           and s.document @@ (logic.workflow_search_token(workflow) && plainto_tsquery('simple', find_similar_tickets.title))
           and logic.normalize_title(t.title) = logic.normalize_title(find_similar_tickets.title)
         order by t.id desc limit max_rows + 1
    )
    select s.ticket_id, s.similarity
      from (select coalesce(a.ticket_id, n.ticket_id) as ticket_id,
                   case when n.ticket_id is not null and (vector is null or a.similarity >= 0.7) then greatest(a.similarity, 0.9)
                        else a.similarity end as similarity
              from (select * from near union all select * from worded) a
              full join named_alike n on n.ticket_id = a.ticket_id) s
     where s.ticket_id is distinct from besides and logic.similarity_relation(s.similarity) is not null
     order by 2 desc, 1 desc limit max_rows;
end
$$;

-- How a ticket is linked to another already, from the first one's point of view.
create function logic.ticket_link_kind(ticket tickets, other tickets) returns text language sql stable
begin atomic
    select case
        when (ticket).parent_ticket_id = (other).id then 'parent'
        when (other).parent_ticket_id = (ticket).id then 'child'
        when exists (select from ticket_blockers k where k.ticket_id = (ticket).id and k.blocked_by_ticket_id = (other).id) then 'blocked_by'
        when exists (select from ticket_blockers k where k.ticket_id = (other).id and k.blocked_by_ticket_id = (ticket).id) then 'blocks'
        when (other).id = any ((ticket).related_ticket_ids) or (ticket).id = any ((other).related_ticket_ids) then 'related' end;
end;

-- Similar tickets as JSON; `ticket` is the ticket that they are similar to, if there is one.
create function logic.similar_tickets_json(
    workflow text, title text, model bigint, vector halfvec, max_rows int, ticket text default null
) returns jsonb language sql stable
begin atomic
    select coalesce(jsonb_agg(jsonb_build_object(
               'ticket_id', t.id, 'key', 'TKT-' || t.number, 'title', t.title, 'status', t.status, 'priority', t.priority,
               'is_resolved', t.is_resolved, 'similarity_score', round(r.similarity::numeric, 4),
               'relation_type', logic.similarity_relation(r.similarity), 'link', logic.ticket_link_kind(own, t)) order by r.similarity desc, t.id desc), '[]')
      from logic.find_similar_tickets(workflow, title, model, vector, ticket, max_rows) r
      join tickets t on t.id = r.ticket_id
      left join tickets own on own.id = similar_tickets_json.ticket;
end;

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
        'related', logic.similar_tickets_json(row.workflow_id, row.title, place.model, place.vector, max_rows, tid));
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
        'stale_embeddings', logic.has_stale_embeddings(workflow, vector is not null));
end
$$;
