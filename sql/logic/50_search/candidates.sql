-- Candidates of a search: the tickets nearest in meaning, and those that contain the words.

-- Up to this many vectors are compared one by one, which is exact; above, the HNSW graph is used.
create function logic.exact_search_limit() returns bigint language sql immutable return 5000;

-- Whether comparing one by one is faster than the graph: walking it takes the longer, the fewer tickets pass the
-- filters. Volatile only because EXPLAIN requires it.
create function logic.uses_exact_search(workflow text, filters jsonb) returns boolean language plpgsql volatile as $$
declare
    -- Ticket numbers count from 1, so the last one bounds the number of tickets.
    tickets_at_most constant bigint := (select c.last_number from ticket_counters c where c.workflow_id = workflow);
    plan json;
begin
    if tickets_at_most <= logic.exact_search_limit() or filters = '{}' then
        return tickets_at_most <= logic.exact_search_limit();
    end if;
    -- The planner's estimate costs nothing; counting would read the whole workflow.
    execute format('explain (format json) select from tickets t where t.workflow_id = %L and logic.is_live(t) and logic.matches_filters(t, %L)',
        workflow, filters) into plan;
    return (plan -> 0 -> 'Plan' ->> 'Plan Rows')::float8 <= greatest(1000, tickets_at_most * 0.015);
end
$$;

-- The nearest tickets that pass the filters, by cosine distance. A ticket with several vectors counts by its nearest one.
-- `vector` is of the model `model`.
create function logic.nearest_tickets(workflow text, model bigint, vector halfvec, filters jsonb, max_rows int)
returns table (ticket_id text, distance double precision) language plpgsql stable
-- The graph scan continues until enough tickets pass the filters.
set hnsw.iterative_scan = 'relaxed_order'
-- Recall of the ten nearest among 50,000, 20,000 and 10,000 vectors: 91 %, 95 % and 96 % with 100; 99 %, 98 %
-- and 99 % with 400, for two to three milliseconds more. Short queries are far from all tickets and need it.
set hnsw.ef_search = 400
as $$
declare
    filtered constant boolean := filters <> '{}';
    is_exact constant boolean := logic.uses_exact_search(workflow, filters);
begin
    if is_exact and not filtered then
        return query
            select e.ticket_id, min(e.embedding <=> vector)
              from ticket_embeddings e
             where e.workflow_id = nearest_tickets.workflow and e.model_id = model
             group by e.ticket_id order by 2, 1 limit max_rows;
    elsif is_exact then
        return query execute
            'select e.ticket_id, min(e.embedding <=> $3)
               from tickets t join ticket_embeddings e on e.workflow_id = $1 and e.model_id = $2 and e.ticket_id = t.id
              where t.workflow_id = $1 and logic.is_live(t) and logic.matches_filters(t, $4)
              group by e.ticket_id order by 2, 1 limit $5'
          using workflow, model, vector, filters, max_rows;
    else
        -- The index is on vectors of the model's dimensions, which the query must name.
        return query execute format(
            'select n.ticket_id, min(n.distance)
               from (select e.ticket_id, e.embedding::halfvec(%1$s) <=> $2::halfvec(%1$s) as distance
                       from ticket_embeddings e %3$s
                      where e.workflow_id = $1 and e.model_id = %2$s %4$s
                      order by e.embedding::halfvec(%1$s) <=> $2::halfvec(%1$s) limit $4) n
              group by n.ticket_id order by 2, 1',
            vector_dims(vector), model,
            case when filtered then 'join tickets t on t.id = e.ticket_id and logic.is_live(t)' end,
            case when filtered then 'and logic.matches_filters(t, $3)' end)
          using workflow, vector, filters, max_rows;
    end if;
end
$$;

-- The tickets that contain the most weight of the terms, the newest first among equals. `more`: whether other tickets
-- contain some of it. Considers as many as logic.bounded_query lets pass; of common words the newest 500.
create function logic.find_tickets_by_terms(
    workflow text, terms logic.search_term[], required tsquery, filters jsonb, include_comments boolean, max_rows int,
    out ticket_ids text[], out more boolean
) language plpgsql stable as $$
declare
    bounded constant record := logic.bounded_query(workflow, terms);
    loose constant tsquery := coalesce(bounded.wanted, required);
    most constant int := case when bounded.is_common then 500 else 2000 end;
begin
    -- Dynamic, so that it is planned for these words. Rare words use the word index; common ones, whose posting
    -- lists are long, scan from the newest ticket on (`offset 0` keeps the planner from changing that).
    -- held: documents that match, the newest first. most: those with the most weight.
    execute format(
        'with
         held as materialized (
             select s.ticket_id, s.document
               from (select * from ticket_search s where s.workflow_id = $1 %s) s
              where %s
              order by s.ticket_id desc limit $7
         ),
         most as (
             select h.ticket_id
               from held h
               cross join lateral (
                   select sum(t.weight) as weight from unnest($4) t
                    where h.document @@ t.exact or (t.beginning is not null and h.document @@ t.beginning)) b
              order by b.weight desc nulls last, h.ticket_id desc limit $6
         )
         select array(select m.ticket_id from most m), (select count(*) from held) > $6',
        case when bounded.is_common then 'order by s.ticket_id desc limit 20000 offset 0'
             else 'and s.document @@ (logic.workflow_search_token($1) && $2)' end,
        concat_ws(' ', 's.document @@ $2',
            case when required is not null then 'and s.document @@ $3' end,
            case when not include_comments then $c$and ts_filter(s.document, '{a,b,c}') @@ $2$c$ end,
            case when filters <> '{}' then 'and exists (select from tickets t where t.id = s.ticket_id and logic.matches_filters(t, $5))' end))
       into ticket_ids, more
      using workflow, loose, required, terms, filters, max_rows, most;
    more := more or bounded.is_cut;
end
$$;
