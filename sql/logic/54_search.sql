-- Keyword search over ticket_search. Ranking is what costs, so candidates are bounded before it.

-- POST /api/tickets/search. Words as people type them (websearch syntax); a query too short or without
-- words falls back to prefixes. A key (TKT-12) or id is found first.
create function logic.search_tickets(
    caller text, workflow text, query text, filters jsonb default '{}', max_rows int default 10, include_comments boolean default true
) returns jsonb language plpgsql as $$
declare
    started timestamptz := clock_timestamp();
    words tsquery := websearch_to_tsquery('english', query);
    prefixes tsquery;
    answer jsonb;
begin
    perform logic.authorize(caller, workflow, 'viewer');
    -- The last word as a prefix as well: results while typing.
    prefixes := to_tsquery('simple', nullif((
        select string_agg(quote_literal(w) || ':*', ' & ')
          from unnest(regexp_split_to_array(lower(regexp_replace(query, '[^[:alnum:]]+', ' ', 'g')), ' ')) w
         where w <> ''), ''));
    words := case when numnode(words) = 0 then prefixes
                  when prefixes is not null and char_length(query) < 40 and query !~ '["-]' then words || prefixes
                  else words end;
    with
    -- The newest 500 matches that pass the filters; only these are ranked.
    candidates as materialized (
        select t.*, s.document, count(*) over () as total
          from ticket_search s
          join tickets t on t.id = s.ticket_id
         where s.workflow_id = search_tickets.workflow and t.deleted_at is null and words is not null
           and s.document @@ words
           and logic.matches(t, filters)
           and (include_comments or ts_filter(s.document, '{a,b,c}') @@ words)
         order by t.updated_at desc
         limit 500
    ),
    -- A ticket named by key or id stands before everything else.
    exact as (
        select t.id from tickets t
         where t.workflow_id = search_tickets.workflow and t.deleted_at is null and logic.matches(t, filters)
           and (t.id = trim(query) or t.external_ref = trim(query)
                or t.number = case when trim(query) ~* '^(tkt-|#)[0-9]{1,15}$' then regexp_replace(query, '[^0-9]', '', 'g')::bigint end)
    ),
    ranked as (
        select c.id, ts_rank_cd('{0.1, 0.3, 0.6, 1.0}', c.document, words, 1 | 32) as rank, c.document, c.total from candidates c
        where c.id not in (select e.id from exact e)
        union all
        select e.id, 1.0, null, null from exact e
    ),
    page as (
        select r.*, row_number() over (order by (r.document is null) desc, r.rank desc, r.id) as place,
               max(r.rank) filter (where r.document is not null) over () as best
          from ranked r
         order by place limit max_rows
    )
    select jsonb_build_object(
        'success', true, 'query', query, 'mode', 'keyword',
        'results', coalesce(jsonb_agg(jsonb_build_object(
            'ticket_id', t.id, 'key', 'TKT-' || t.number, 'title', t.title, 'description', left(t.description, 2000),
            'status', t.status, 'priority', t.priority, 'ticket_type', t.ticket_type,
            'relevance_score', round(case when p.document is null then 1 else 0.99 * p.rank / nullif(p.best, 0) end::numeric, 4),
            'matched_in', case when p.document is null then '["key"]'::jsonb else (
                select coalesce(jsonb_agg(m.field), '[]')
                  from (values ('title', 'a'), ('tags', 'b'), ('description', 'c'), ('comments', 'd')) m (field, weight)
                 where ts_filter(p.document, array[m.weight]::"char"[]) @@ words
                    or exists (select from unnest(tsvector_to_array(ts_filter(p.document, array[m.weight]::"char"[]))) l
                                where querytree(words) like '%''' || replace(l, '''', '''''') || '''%')) end,
            'preview', coalesce(ts_headline('english', logic.escape_html(left(t.title || ' — ' || t.description, 5000)), words,
                'StartSel=<mark>, StopSel=</mark>, MaxWords=35, MinWords=15, MaxFragments=2, FragmentDelimiter=" … "'),
                logic.escape_html(left(t.description, 200))),
            'created_at', t.created_at, 'updated_at', t.updated_at, 'assigned_agent_id', t.assigned_agent_id, 'tags', t.tags,
            'is_resolved', t.is_resolved) order by p.place), '[]'),
        'total_found', coalesce(max(p.total), 0) + (select count(*) from exact e where not exists (select from candidates c where c.id = e.id)))
      into answer
      from page p join tickets t on t.id = p.id;
    return answer || jsonb_build_object('search_time_ms',
        round(extract(epoch from clock_timestamp() - started)::numeric * 1000, 2));
end
$$;

-- Text that is safe inside HTML.
create function logic.escape_html(content text) returns text language sql immutable parallel safe
begin atomic
    select replace(replace(replace(replace(content, '&', '&amp;'), '<', '&lt;'), '>', '&gt;'), '"', '&quot;');
end;
