-- Search without words.

-- A search without words: the newest tickets that pass the filters, as search results.
create function logic.search_by_filters(caller text, workflow text, filters jsonb, max_rows int) returns jsonb language plpgsql as $$
declare
    started constant timestamptz := clock_timestamp();
    answer jsonb;
begin
    perform logic.authorize(caller, workflow, 'viewer');
    filters := logic.localize_filters(workflow, filters);
    -- Dynamic, so that it is planned for the given filters.
    execute format($f$
        with
        -- The tickets that pass, counted to logic.max_count.
        counted as (
            select count(*) as n from (select from tickets t where %1$s limit logic.max_count()) passing
        ),
        -- The newest of them.
        chosen as (
            select t.id, t.updated_at from tickets t where %1$s order by t.updated_at desc, t.id limit $3
        )
        select jsonb_build_object('success', true, 'query', '', 'mode', 'keyword',
            'results', coalesce((select jsonb_agg(logic.search_result_json(t, 1, false, null, '{}', false) order by c.updated_at desc, c.id)
                                   from chosen c join tickets t on t.id = c.id), '[]'),
            'total_found', k.n, 'total_is_exact', k.n < logic.max_count(), 'stale_embeddings', false)
          from counted k$f$, logic.ticket_filter_sql(filters))
      into answer using workflow, filters, max_rows;
    return answer || jsonb_build_object('search_time_ms',
        round(extract(epoch from clock_timestamp() - started)::numeric * 1000, 2));
end
$$;
