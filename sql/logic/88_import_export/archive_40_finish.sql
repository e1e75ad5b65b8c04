-- The end of an import: what must be true of the rows that came, although their archive said that its hashes are right. Anybody
-- can write such hashes, so what an archive says is checked like any input.

-- Fails with the first rule that the workflows of the archive break.
create function logic.check_archived_workflows(workflows text[]) returns void language plpgsql as $$
declare
    reference record;
    broken text;
begin
    -- Rows refer to rows of their own workflow.
    for reference in
        select f.section, f.column_name, f.target, logic.archive_columns(f.section) @> '{workflow_id}' as has_workflow
          from logic.archive_references f
         where f.target not in ('actors'::regclass, 'workflows'::regclass)
           and exists (select from pg_attribute a where a.attrelid = f.target and a.attname = 'workflow_id' and not a.attisdropped)
         order by f.section, f.column_name
    loop
        continue when not reference.has_workflow;
        execute format(
            'select min(r.%1$I::text) from %2$s r join %3$s t on t.%4$I = r.%1$I where r.workflow_id = any ($1) and t.workflow_id <> r.workflow_id',
            reference.column_name, logic.archive_table(reference.section), reference.target,
            (select a.attname from pg_constraint c join pg_attribute a on a.attrelid = c.confrelid and a.attnum = c.confkey[1]
              join pg_attribute o on o.attrelid = c.conrelid and o.attnum = c.conkey[1]
              where c.conrelid = logic.archive_table(reference.section) and c.contype = 'f' and cardinality(c.conkey) = 1
                and o.attname = reference.column_name and c.confrelid = reference.target limit 1))
            using workflows into broken;
        if broken is not null then
            perform logic.fail('invalid', format('A row of the archive''s section %s refers to %s, which belongs to another workflow.', reference.section, left(broken, 100)));
        end if;
    end loop;
    select min(o.id) into broken
      from tickets t join tickets o on o.id = any (t.related_ticket_ids || t.related_task_ids) and o.workflow_id <> t.workflow_id
     where t.workflow_id = any (workflows) and (t.related_ticket_ids <> '{}' or t.related_task_ids <> '{}');
    if broken is not null then
        perform logic.fail('invalid', format('A ticket of the archive is related to %s, which belongs to another workflow.', broken));
    end if;
    -- Each has its parts.
    select min(w.id) into broken
      from unnest(workflows) w (id)
     where not exists (select from workflows x where x.id = w.id)
        or not exists (select from boards b where b.workflow_id = w.id)
        or not exists (select from streams s where s.stream_id = 'workflow:' || w.id and s.workflow_id = w.id)
        or not exists (select from ticket_counters c where c.workflow_id = w.id
                          and c.last_number >= coalesce((select max(t.number) from tickets t where t.workflow_id = w.id), 0));
    if broken is not null then
        perform logic.fail('invalid', format('The archive lacks the board, the stream or the ticket counter of the workflow %s.', broken));
    end if;
    -- A stream is that of its workflow, of one of its jobs or searches.
    select min(s.stream_id) into broken
      from streams s
     where s.workflow_id = any (workflows)
       and s.stream_id <> 'workflow:' || s.workflow_id
       and not (s.stream_id like 'job:%' and not exists (select from jobs j where j.id = substr(s.stream_id, 5) and j.workflow_id <> s.workflow_id))
       and not (s.stream_id like 'search:%' and not exists (select from saved_searches q where q.id = substr(s.stream_id, 8) and q.workflow_id <> s.workflow_id));
    if broken is not null then
        perform logic.fail('invalid', format('The archive has the stream %s, which is none of its workflow.', broken));
    end if;
    perform logic.check_archived_history(workflows);
end
$$;

-- No row stands above or in itself: parents of tickets and comments, and the tickets that others were merged into.
create function logic.check_archived_trees(digest text, workflows text[]) returns void language plpgsql as $$
declare
    reference record;
    broken text;
    place bigint;
begin
    for reference in
        select f.section, f.column_name, f.target from logic.archive_references f
         where f.target = logic.archive_table(f.section) and logic.archive_columns(f.section) @> '{id,workflow_id}'
         order by f.section, f.column_name
    loop
        execute format(
            'with recursive
             -- Each row with the one above it.
             part as materialized (select r.id, r.%1$I as above from %2$s r where r.workflow_id = any ($1)),
             -- The rows at the top, and all below them.
             reached as (
                 select p.id from part p where p.above is null or not exists (select from part o where o.id = p.above)
                 union all
                 select p.id from reached x join part p on p.above = x.id
             )
             select min(p.id) from part p where not exists (select from reached x where x.id = p.id)', reference.column_name, reference.target)
           into broken using workflows;
        continue when broken is null;
        broken := coalesce((select i.old_id from archive_ids i where i.digest = check_archived_trees.digest and i.new_id = broken limit 1), broken);
        -- Lines are counted within the section of their workflow.
        select l.place into place
          from (select x.line, row_number() over (partition by c.workflow_id order by c.place, x.n) as place
                  from archive_chunks c cross join lateral string_to_table(c.lines, E'\n') with ordinality x (line, n)
                 where c.digest = check_archived_trees.digest and c.section = reference.section) l
         where l.line::jsonb ->> 'id' = broken;
        perform logic.fail('invalid', format('Line %s of the archive''s section %s is not valid: %s must not lead from %s back to itself.',
            place, reference.section, reference.column_name, left(broken, 100)));
    end loop;
end
$$;

-- The history of these workflows has each number of each of their streams once, and names nothing of another workflow.
create function logic.check_archived_history(workflows text[]) returns void language plpgsql as $$
declare
    broken text;
begin
    with
    -- What came, by stream.
    seen as materialized (
        select h.stream_id, h.workflow_id, count(*) as events, count(distinct h.seq) as numbers, min(h.seq) as first_seq, max(h.seq) as top_seq
          from streams s join history h on h.stream_id = s.stream_id
         where s.workflow_id = any (workflows)
         group by h.stream_id, h.workflow_id
    )
    select min(coalesce(s.stream_id, n.stream_id)) into broken
      from (select * from streams s where s.workflow_id = any (workflows)) s
      full join seen n on n.stream_id = s.stream_id and n.workflow_id = s.workflow_id
     where s.stream_id is null or coalesce(n.events, 0) <> s.last_seq - s.pruned_seq or n.numbers <> n.events
        or n.first_seq <> s.pruned_seq + 1 or n.top_seq <> s.last_seq;
    if broken is null then
        select min(h.stream_id) into broken from history h
         where h.xid >= logic.first_archived_transaction() and h.workflow_id = any (workflows)
           and not exists (select from streams s where s.stream_id = h.stream_id and s.workflow_id = h.workflow_id);
    end if;
    if broken is not null then
        perform logic.fail('invalid', format('The history of the archive is not complete: numbers of the stream %s are missing or repeated.', broken));
    end if;
    select min(coalesce(t.id, j.id)) into broken
      from streams s join history h on h.stream_id = s.stream_id
      left join tickets t on t.id = h.ticket_id and t.workflow_id <> h.workflow_id
      left join jobs j on j.id = h.job_id and j.workflow_id <> h.workflow_id
     where s.workflow_id = any (workflows) and (t.id is not null or j.id is not null);
    if broken is not null then
        perform logic.fail('invalid', format('The history of the archive names %s, which belongs to another workflow.', broken));
    end if;
end
$$;

-- Ends the import: checks it, and makes the workflows known to what runs here. Returns them. Where a workflow keeps its id, a client
-- may hold a cursor of an earlier life of it, so a new epoch begins and all clients load their boards afresh.
create function logic.finish_archive_import(caller text, digest text) returns jsonb language plpgsql as $$
declare
    who constant logic.principal := logic.authorize_archive(caller, null);
    old_ids constant text[] := array(select distinct c.workflow_id from archive_chunks c
                                      where c.digest = finish_archive_import.digest and c.workflow_id is not null);
    new_ids constant text[] := array(
        select coalesce(i.new_id, o.id) from unnest(old_ids) o (id)
          left join archive_ids i on i.digest = finish_archive_import.digest and i.old_id = o.id);
    replaced constant bigint := (select count(*) from archive_ids i where i.digest = finish_archive_import.digest);
    workflow text;
begin
    set constraints all immediate;
    perform logic.check_archived_trees(digest, new_ids);
    perform logic.check_archived_workflows(new_ids);
    insert into finding_checks (stream_id) select 'workflow:' || n.id from unnest(new_ids) n (id);
    foreach workflow in array new_ids loop
        perform logic.record_security_event('import', 'ok', null, workflow, jsonb_build_object('archive', digest));
    end loop;
    if exists (select from unnest(new_ids) n (id) where n.id = any (old_ids)) then
        perform logic.record_restore();
    end if;
    delete from archive_imports i where i.digest = finish_archive_import.digest;
    perform set_config('callboard.archive', '', true);
    return jsonb_build_object('ids_replaced', replaced, 'workflows', coalesce((
        select jsonb_agg(jsonb_build_object('workflow_id', w.id, 'name', w.name,
                   'tickets', (select count(*) from tickets t where t.workflow_id = w.id),
                   'events', (select coalesce(sum(s.last_seq - s.pruned_seq), 0) from streams s where s.workflow_id = w.id)) order by w.name, w.id)
          from workflows w where w.id = any (new_ids)), '[]'));
end
$$;
