-- Search results: where a ticket matched, and an excerpt of that text.

-- Text that is safe inside HTML.
create function logic.escape_html(content text) returns text language sql immutable parallel safe
begin atomic
    select replace(replace(replace(replace(content, '&', '&amp;'), '<', '&lt;'), '>', '&gt;'), '"', '&quot;');
end;

-- Text as HTML with <mark> around the words. The parser would drop tags and entities, so marks and the characters < and &
-- are replaced by placeholders first; those for < and & end a word.
create function logic.highlight_html(content text, words tsquery, options text) returns text language sql stable
begin atomic
    select replace(replace(replace(replace(logic.escape_html(case when words is null then left(c.clean, 240) else
               ts_headline('english', c.clean, words, highlight_html.options || ', StartSel=' || U&'\E000' || ', StopSel=' || U&'\E001') end),
               U&'\0002', '&lt;'), U&'\0003', '&amp;'), U&'\E000', '<mark>'), U&'\E001', '</mark>')
      from (select translate(highlight_html.content, '<&' || U&'\E000\E001\0002\0003', U&'\0002\0003') as clean) c;
end;

-- The part of a long text around the first of the words.
create function logic.excerpt_around_terms(content text, terms logic.search_term[]) returns text language sql immutable
begin atomic
    select substr(content, greatest(1, coalesce(min(p.place), 1) - 1000), 3000)
      from unnest(excerpt_around_terms.terms) t
      cross join lateral (select nullif(strpos(lower(excerpt_around_terms.content), lower((t).word)), 0) as place) p;
end;

-- A ticket as a search result: `relevance` from 0 to 1, `distance` in meaning, `terms` of the query.
create function logic.search_result_json(
    ticket tickets, relevance double precision, is_named boolean, distance double precision,
    terms logic.search_term[], include_comments boolean
) returns jsonb language plpgsql stable as $$
declare
    words constant tsquery := logic.any_term_query(terms);
    document constant tsvector := (select s.document from ticket_search s where s.ticket_id = ticket.id);
    fields text[] := case when is_named then '{key}'::text[] else '{}' end;
    shown text := ticket.description;
    field record;
begin
    for field in
        select * from (values ('title', 'a'), ('tags', 'b'), ('description', 'c'), ('comments', 'd')) f (name, label)
         where f.name <> 'comments' or include_comments
    loop
        if ts_filter(document, array[field.label]::"char"[]) @@ words then
            fields := fields || field.name;
        end if;
    end loop;
    if 'comments' = any (fields) and not 'description' = any (fields) then
        shown := coalesce((
            select c.comment_text from ticket_comments c
             where c.ticket_id = ticket.id and c.deleted_at is null and to_tsvector('english', c.comment_text) @@ words
             order by c.created_at desc limit 1), shown);
    end if;
    if distance <= 0.65 then
        fields := fields || 'meaning'::text;
    end if;
    return jsonb_build_object(
        'ticket_id', ticket.id, 'key', 'TKT-' || ticket.number, 'title', ticket.title,
        'highlighted_title', logic.highlight_html(ticket.title, words, 'HighlightAll=true'),
        'description', left(ticket.description, 2000),
        'status', ticket.status, 'priority', ticket.priority, 'ticket_type', ticket.ticket_type,
        'relevance_score', round(relevance::numeric, 4), 'similarity', round((1 - distance)::numeric, 4),
        'matched_in', fields,
        'preview', logic.highlight_html(logic.excerpt_around_terms(shown, terms), words,
            'MaxWords=35, MinWords=15, MaxFragments=2, FragmentDelimiter=" … "'),
        'created_at', ticket.created_at, 'updated_at', ticket.updated_at, 'assigned_agent_id', ticket.assigned_agent_id, 'tags', ticket.tags,
        'is_resolved', ticket.is_resolved, 'is_blocked', logic.is_blocked(ticket.id));
end
$$;
