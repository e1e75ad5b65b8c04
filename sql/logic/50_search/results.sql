-- Search results: where a ticket matched, and a preview of that text.

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
        for field in
            select c.comment_text from ticket_comments c
             where c.ticket_id = ticket.id and c.deleted_at is null order by c.created_at desc limit 100
        loop
            if logic.text_to_search_vector(field.comment_text) @@ words then
                shown := field.comment_text;
                exit;
            end if;
        end loop;
    end if;
    if distance <= 0.65 then
        fields := fields || 'meaning'::text;
    end if;
    return jsonb_build_object(
        'ticket_id', ticket.id, 'key', 'TKT-' || ticket.number, 'title', ticket.title,
        'highlighted_title', logic.highlight_html(ticket.title, terms),
        'description', left(ticket.description, 2000),
        'status', ticket.status, 'priority', ticket.priority, 'ticket_type', ticket.ticket_type,
        'relevance_score', round(relevance::numeric, 4), 'similarity', round((1 - distance)::numeric, 4),
        'matched_in', fields,
        'preview', logic.preview_html(shown, terms),
        'created_at', ticket.created_at, 'updated_at', ticket.updated_at, 'assigned_agent_id', ticket.assigned_agent_id, 'tags', ticket.tags,
        'is_resolved', ticket.is_resolved, 'is_blocked', logic.is_blocked(ticket.id));
end
$$;
