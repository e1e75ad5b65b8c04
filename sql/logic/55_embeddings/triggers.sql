-- Triggers that queue tickets for embedding: new tickets and their comments. Changes of a ticket's text are
-- queued by logic.tickets_updated.
-- Lock order: ticket rows and the stream row, both held by now, then queue rows by ticket and model
-- (see queue.sql).

-- AFTER INSERT of tickets, by statement.
create function logic.tickets_to_embed() returns trigger language plpgsql as $$
begin
    perform logic.queue_embeddings((select array_agg(n.id order by n.id) from new_rows n));
    return null;
end
$$;

-- AFTER INSERT of comments, by statement: every fifth comment of a ticket queues it again.
create function logic.comments_to_embed() returns trigger language plpgsql as $$
declare
    fifth text[];
begin
    if exists (select from embedding_models m where m.state in ('building', 'serving')) then
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

-- AFTER UPDATE of comments, by statement: search must not find the old text or the old ticket of a comment.
create function logic.changed_comments_to_embed() returns trigger language plpgsql as $$
begin
    perform logic.queue_embeddings((
        select array_agg(distinct u.ticket_id order by u.ticket_id)
          from (select n.ticket_id from new_rows n union select o.ticket_id from old_rows o) u));
    return null;
end
$$;

create trigger embed_inserted after insert on tickets
    referencing new table as new_rows for each statement execute function logic.tickets_to_embed();
create trigger embed_commented after insert on ticket_comments
    referencing new table as new_rows for each statement execute function logic.comments_to_embed();
create trigger embed_comment_changed after update on ticket_comments
    referencing old table as old_rows new table as new_rows for each statement execute function logic.changed_comments_to_embed();
