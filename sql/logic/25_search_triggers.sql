-- Keeps what search reads in step with tickets and comments: ticket_search at once, vectors by way of the
-- queue (27_embeddings.sql). Updates of tickets are seen by logic.tickets_updated, which knows what changed.
-- Only tickets that can be found have rows there.

-- Whether search may find a ticket.
create function logic.is_findable(ticket tickets) returns boolean language sql immutable
begin atomic
    select ticket.deleted_at is null;
end;

-- A ticket's searchable text: title A, tags B, description C, comments D. Only the newest 100,000
-- characters of comments count: a tsvector holds at most one megabyte.
create function logic.search_document(ticket text) returns tsvector language sql stable
begin atomic
    select setweight(to_tsvector('english', t.title), 'A')
        || setweight(to_tsvector('english', array_to_string(t.tags, ' ')), 'B')
        || setweight(to_tsvector('english', t.description), 'C')
        || setweight(to_tsvector('english', coalesce(left((
               select string_agg(c.comment_text, ' ' order by c.created_at desc)
                 from ticket_comments c where c.ticket_id = t.id and c.deleted_at is null), 100000), '')), 'D')
      from tickets t where t.id = search_document.ticket;
end;

create function logic.index_tickets(tickets text[]) returns void language sql
begin atomic
    insert into ticket_search (ticket_id, workflow_id, document)
    select t.id, t.workflow_id, logic.search_document(t.id)
      from unnest(index_tickets.tickets) u (id)
      join tickets t on t.id = u.id
     where logic.is_findable(t)
    on conflict (ticket_id) do update set document = excluded.document;
end;

create function logic.tickets_to_index() returns trigger language plpgsql as $$
declare
    ids text[] := (select array_agg(n.id order by n.id) from new_rows n);
begin
    perform logic.index_tickets(ids);
    perform logic.queue_embeddings(ids);
    return null;
end
$$;

-- Every fifth comment of a ticket is an occasion to embed it anew.
create function logic.comments_to_index() returns trigger language plpgsql as $$
declare
    fifth text[];
begin
    perform logic.index_tickets((select array_agg(distinct n.ticket_id order by n.ticket_id) from new_rows n));
    if exists (select from embedding_models) then
        fifth := array(
            select g.ticket_id
              from (select n.ticket_id, count(*) as added from new_rows n group by n.ticket_id) g
             cross join lateral (select count(*) as total from ticket_comments c
                                  where c.ticket_id = g.ticket_id and c.deleted_at is null) c
             where c.total / 5 > (c.total - g.added) / 5);
        if fifth <> '{}' then
            perform logic.queue_embeddings(fifth);
        end if;
    end if;
    return null;
end
$$;

-- A comment that was reworded or taken back must not go on being found by what it said.
create function logic.changed_comments_to_index() returns trigger language plpgsql as $$
declare
    ids text[] := (select array_agg(distinct n.ticket_id order by n.ticket_id) from new_rows n);
begin
    perform logic.index_tickets(ids);
    perform logic.queue_embeddings(ids);
    return null;
end
$$;

create trigger index_inserted after insert on tickets
    referencing new table as new_rows for each statement execute function logic.tickets_to_index();
create trigger index_commented after insert on ticket_comments
    referencing new table as new_rows for each statement execute function logic.comments_to_index();
create trigger index_comment_changed after update on ticket_comments
    referencing new table as new_rows for each statement execute function logic.changed_comments_to_index();
