-- Adds tickets to the benchmarked workflows in bulk. Triggers are off, so neither history rows nor embedding jobs
-- are written. Each copy has a unique title (with the last words of another ticket's), the description of one source
-- ticket, and the embedding of one source ticket moved towards that of another.
-- Needs: bench_sources (n, title, description, tags, priority, rest, embedding), bench_targets
-- (workflow_id, wanted), bench_model (model).
set session_replication_role = replica;
set maintenance_work_mem = '1GB';

-- These indexes are faster to rebuild than to fill row by row.
create temp table dropped as
select format('drop index %s', i.indexrelid::regclass) as drop_statement,
       replace(pg_get_indexdef(i.indexrelid), ' ON ONLY ', ' ON ') as create_statement
  from pg_index i
 where i.indexrelid in (select c.oid from pg_class c
                         where c.relname = 'ticket_search_document' or (c.relkind = 'I' and c.relname like 'ticket\_embeddings\_model\_%'));
do $$
declare
    statement text;
begin
    for statement in select drop_statement from dropped loop
        execute statement;
    end loop;
end
$$;

create temp table copies as
select logic.new_id('ticket') as id, p.workflow_id, h.have + g as number,
       1 + abs(hashint8extended(h.have + g, hashtext(p.workflow_id))) % s.n as source,
       1 + abs(hashint8extended(h.have + g, 1 + hashtext(p.workflow_id))) % s.n as other,
       (1 + abs(hashint8extended(g, 2)) % 8)::int as turn
  from bench_targets p
  cross join (select max(n) as n from bench_sources) s
  cross join lateral (select count(*) as have from tickets t where t.workflow_id = p.workflow_id) h
  cross join lateral generate_series(1, p.wanted - h.have) g
 order by g, p.workflow_id;

insert into tickets (id, workflow_id, number, title, description, ticket_type, priority, status, rank, tags)
select c.id, c.workflow_id, c.number,
       left(regexp_replace(a.title, '\s+\S+$', '') || ' ' || coalesce(substring(b.title from '\S+\s+\S+$'), b.title), 500),
       a.description, 'task', a.priority, 'backlog', 'm' || lpad(to_hex(c.number), 14, '0') || '.' || to_hex(c.number),
       case when c.number % 500 = 0 then a.tags || '{rare}'::text[] else a.tags end
  from copies c
  join bench_sources a on a.n = c.source
  join bench_sources b on b.n = c.other;

update ticket_counters n set last_number = greatest(n.last_number, (select max(t.number) from tickets t where t.workflow_id = n.workflow_id))
 where n.workflow_id in (select p.workflow_id from bench_targets p) and exists (select from tickets t where t.workflow_id = n.workflow_id);

insert into ticket_search (ticket_id, workflow_id, document)
select t.id, t.workflow_id,
       setweight(logic.text_to_search_vector(t.title) || logic.text_to_search_vector(t.title, false), 'A') || a.rest || logic.workflow_search_token(t.workflow_id)::text::tsvector
  from copies c join tickets t on t.id = c.id join bench_sources a on a.n = c.source;

insert into ticket_embeddings (workflow_id, model_id, ticket_id, content_hash, embedding)
select c.workflow_id, m.model, c.id, sha256(convert_to(c.id, 'UTF8')),
       -- In single precision: products of small numbers underflow in half precision.
       l2_normalize(a.embedding::vector + b.embedding::vector * array_fill((0.3 + 0.075 * c.turn)::real, array[vector_dims(b.embedding)])::vector)::halfvec
  from copies c
  join bench_sources a on a.n = c.source
  join bench_sources b on b.n = c.other
 cross join bench_model m;

do $$
declare
    statement text;
begin
    for statement in select create_statement from dropped loop
        execute statement;
    end loop;
end
$$;
drop table dropped, copies;
reset session_replication_role;
reset maintenance_work_mem;
