-- What of a ticket is embedded.

-- The text of a ticket, or of a draft, that is embedded. The title counts twice. `comments` are the newest five, oldest
-- first.
create function logic.embedding_text(title text, tags text[], description text, comments text[]) returns text language sql stable
begin atomic
    select left(concat_ws(E'\n', title, title, nullif(array_to_string(tags, ', '), ''), nullif(left(description, 8000), ''),
        nullif(array_to_string(comments, E'\n'), '')), 16000);
end;

-- The texts of a ticket that get a vector each, the whole first; null for tickets that search must not find.
create function logic.embedding_parts(ticket text) returns text[] language sql stable
begin atomic
    select array[logic.embedding_text(t.title, t.tags, t.description, (
               select array_agg(left(c.comment_text, 2000) order by c.created_at, c.id)
                 from (select c.* from ticket_comments c
                        where c.ticket_id = t.id and c.deleted_at is null
                        order by c.created_at desc, c.id desc limit 5) c))]
      from tickets t where t.id = embedding_parts.ticket and logic.is_live(t);
end;

-- Identifies the embedded text, to skip unchanged tickets.
create function logic.embedding_hash(parts text[]) returns bytea language sql stable
begin atomic
    select sha256(convert_to(array_to_string(parts, E'\x1e'), 'UTF8'));
end;
