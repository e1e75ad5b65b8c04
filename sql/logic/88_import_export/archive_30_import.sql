-- Reading archives, second part: one transaction calls logic.begin_archive_import, then logic.import_archive_section for each
-- section, then logic.finish_archive_import. What triggers would record about new rows is in the archive's own history, so the
-- triggers that write history are off while the setting callboard.archive is on; the checks of tables stay.
--
-- Ids stay as they are where they are free, so that links and cursors hold. One that is taken gets a new id, and all lines that
-- name it are rewritten. Keys (TKT-1) belong to the workflow, and always stay.

-- The lines of a section, in order.
create function logic.archive_lines(digest text, workflow text, section text) returns table (line text) language sql stable rows 100000
begin atomic
    select l.line
      from archive_chunks c cross join lateral string_to_table(c.lines, E'\n') with ordinality l (line, n)
     where c.digest = archive_lines.digest and c.workflow_id is not distinct from archive_lines.workflow and c.section = archive_lines.section;
end;

-- Begins. Returns {people_created, people_found}.
create function logic.begin_archive_import(caller text, digest text) returns jsonb language plpgsql as $$
declare
    part record;
    answer jsonb;
begin
    perform logic.authorize_archive(caller, null);
    perform pg_advisory_xact_lock(logic.lock_key('archive import'));
    perform from archive_imports i where i.digest = begin_archive_import.digest for update;
    if not found then
        perform logic.fail('conflict', 'Another import of this archive has just ended; look at its result.');
    end if;
    perform set_config('callboard.archive', 'on', true);
    perform set_config('lock_timeout', '60s', true);
    answer := logic.import_archived_people(digest);
    for part in
        select distinct c.workflow_id, c.section from archive_chunks c
         where c.digest = begin_archive_import.digest and c.section <> 'people'
           -- Rows that have an id of their own.
           and exists (select from pg_constraint k join pg_attribute a on a.attrelid = k.conrelid and a.attnum = k.conkey[1] and a.attname = 'id'
                        where k.conrelid = logic.archive_table(c.section) and k.contype = 'p' and cardinality(k.conkey) = 1)
         order by c.section, c.workflow_id
    loop
        perform logic.replace_taken_ids(digest, part.workflow_id, part.section);
    end loop;
    return answer;
end
$$;

-- Finds the ids of a section that other rows have, and new ones for them: of the same age, because ids order what is equally old.
create function logic.replace_taken_ids(digest text, workflow text, section text) returns void language plpgsql as $$
declare
    source constant regclass := logic.archive_table(section);
    is_shared constant boolean := (select s.is_shared from logic.archive_sections() s where s.section = replace_taken_ids.section);
    omitted constant text[] := (select s.omitted from logic.archive_sections() s where s.section = replace_taken_ids.section);
    salt constant text := gen_random_uuid()::text;
    any_row boolean;
    stuck text;
begin
    execute format('select exists (select from %s)', source) into any_row;
    if not any_row then
        return;
    end if;
    execute format(
        'with
         -- Ids that are taken, by other rows than a shared one that is the same.
         taken as materialized (
             select l.line::jsonb ->> ''id'' as id from logic.archive_lines($1, $2, $3) l
              where exists (select from %s r where r.id = l.line::jsonb ->> ''id'' and not ($4 and to_jsonb(r) - $5 = l.line::jsonb))
         ),
         -- What they become.
         replaced as (
             insert into archive_ids (digest, old_id, new_id)
             select $1, t.id, overlay(t.id placing ''-8'' || substr(md5($6 || t.id), 1, 3) || ''-'' || substr(md5($6 || t.id), 4, 12)
                                      from length(t.id) - 17 for 18)
               from taken t where t.id ~ ''^[a-z]+-[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$''
             on conflict (digest, old_id) do nothing
         )
         select min(t.id) from taken t where t.id !~ ''^[a-z]+-[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$''', source)
        using digest, workflow, section, is_shared, omitted, salt into stuck;
    if stuck is not null then
        perform logic.fail('conflict', format('The archive''s section %s has a row with the id %s, which exists here already and is not of the form in which '
            'Callboard makes ids, so that it cannot be replaced.', section, left(stuck, 100)));
    end if;
exception
    when data_exception then
        perform logic.fail('invalid', format('A row of the archive''s section %s cannot be imported: %s.', section, rtrim(sqlerrm, '.')));
end
$$;

-- A line with the new ids in it, wherever they stand.
create function logic.rewrite_archived_ids(digest text, line text) returns text language plpgsql stable as $$
declare
    one record;
    quoted text;
    replaced text;
begin
    for one in
        select distinct i.old_id, i.new_id
          from regexp_matches(line, '[a-z]+-[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}', 'g') m (found)
          join archive_ids i on i.digest = rewrite_archived_ids.digest and i.old_id = m.found[1]
    loop
        line := replace(line, one.old_id, one.new_id);
    end loop;
    -- Agents have any names, which stand as whole values of fields that name actors.
    for one in
        select i.old_id, i.new_id from archive_ids i
         where i.digest = rewrite_archived_ids.digest and i.old_id !~ '-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$'
           and strpos(line, to_json(i.old_id)::text) > 0
    loop
        quoted := regexp_replace(to_json(one.old_id)::text, '([^A-Za-z0-9"])', '\\\1', 'g');
        replaced := replace(to_json(one.new_id)::text, '\', '\\');
        line := regexp_replace(line,
            '("(?:[a-z_]*agent_id|[a-z_]*actor_id|[a-z_]+_by|owner_id|on_behalf_of|asked_through|assignee|assignee_id'
            || case when line like '%"change_type": "assigned"%' then '|old_value|new_value' when line like '%"kind": "assignee"%' then '|value' else '' end
            || ')": )' || quoted || '(?=[,}])',
            '\1' || replaced, 'g');
        -- A list has each of them once.
        line := regexp_replace(line, '("(?:mentions|agent_ids)": \[(?:"[^"\]]*", )*)' || quoted || '(?=[],])', '\1' || replaced, 'g');
    end loop;
    return line;
end
$$;

-- The fields of a section whose values are checked by name: times and days, and whole numbers that count or number something.
create function logic.archive_checked_fields(section text, out times text[], out counts text[]) language sql stable
begin atomic
    select array_agg(a.attname::text) filter (where a.atttypid in ('timestamptz'::regtype, 'date'::regtype)),
           -- A day's net change of a column may be less than none.
           array_agg(a.attname::text) filter (where a.atttypid in ('bigint'::regtype, 'integer'::regtype)
                                                    and not (archive_checked_fields.section = 'reporting_flow_days' and a.attname = 'net'))
      from pg_attribute a
     where a.attrelid = logic.archive_table(archive_checked_fields.section) and a.attnum > 0 and not a.attisdropped;
end;

-- What is wrong with a value that a table would take, as the end of a sentence: a time that no calendar shows or that history cannot
-- have yet, or a number below zero. Null if nothing is.
create function logic.archive_value_fault(kind text, value text) returns text language sql stable
begin atomic
    select case when value is null then null
                when kind = 'count' and value like '-%' then 'must not be negative'
                when kind = 'count' then null
                -- Four digits: later years are out of the range of the API, and earlier ones have a suffix.
                when value !~ '^\d{4}-\d\d-\d\d' or value ~ 'BC$' or not pg_input_is_valid(value, 'timestamptz')
                then 'must be a time of the years 1 to 9999'
                when kind = 'past' and value::timestamptz > now() + interval '1 day' then 'must not be in the future' end;
end;

-- A line as a row of the workflow, with fields that the section has and no others. `place` is its number in the section, for messages;
-- `times` and `counts` are fields whose values are checked (logic.archive_checked_fields).
create function logic.read_archived_row(line text, section text, fields text[], workflow text, place bigint, times text[], counts text[])
returns jsonb language plpgsql stable as $$
declare
    read constant jsonb := line::jsonb;
    unknown text;
    field text;
    fault text;
begin
    if jsonb_typeof(read) <> 'object' then
        perform logic.fail('invalid', format('Line %s of the archive''s section %s is not a JSON object.', place, section));
    end if;
    if read - fields <> '{}' then
        select min(k) into unknown from jsonb_object_keys(read - fields) k;
        perform logic.fail('invalid', format('Line %s of the archive''s section %s has the field %s, which this version does not know.', place, section, left(unknown, 100)));
    end if;
    if workflow is not null and read ->> 'workflow_id' <> workflow then
        perform logic.fail('invalid', format('Line %s of the archive''s section %s belongs to another workflow than it says.', place, section));
    end if;
    foreach field in array coalesce(times, '{}') loop
        -- Columns of boards that are older than their versions.
        continue when section = 'board_column_versions' and field = 'valid_from' and read ->> field = '-infinity';
        fault := logic.archive_value_fault(case when section = 'history' then 'past' else 'time' end, read ->> field);
        exit when fault is not null;
    end loop;
    if fault is null then
        foreach field in array coalesce(counts, '{}') loop
            fault := logic.archive_value_fault('count', read ->> field);
            exit when fault is not null;
        end loop;
    end if;
    if fault is null and section = 'history' and read ->> 'ticket_id' is not null then
        -- Boards and reports of the past read these times from events.
        select v.name, v.fault into field, fault
          from (select 'metadata.' || p.part || '.' || p.name as name,
                       logic.archive_value_fault('time', read #>> array['metadata', p.part, p.name]) as fault
                  from (values ('ticket', 'created_at'), ('ticket', 'started_at'), ('ticket', 'completed_at'),
                               ('changes', 'created_at'), ('changes', 'started_at'), ('changes', 'completed_at')) p (part, name)) v
         where v.fault is not null limit 1;
    end if;
    if fault is not null then
        perform logic.fail('invalid', format('Line %s of the archive''s section %s is not valid: %s %s.', place, section, field, fault));
    end if;
    return read;
end
$$;

-- Writes the rows of a section; returns how many.
create function logic.import_archive_section(caller text, digest text, workflow text, section text) returns bigint language plpgsql
set timezone = 'UTC' as $$
declare
    said record;
    source regclass;
    columns text;
    defaults text;
    vals text;
    line text := 'l.line';
    checked constant record := logic.archive_checked_fields(section);
    own_id text;
    written bigint;
    belonging bigint;
begin
    perform logic.authorize_archive(caller, null);
    if section = 'people' then
        return 0;
    end if;
    select s.* into said from logic.archive_sections() s where s.section = import_archive_section.section;
    if said is null then
        perform logic.fail('invalid', format('The archive has a section %s, which this version does not know.', left(section, 100)));
    end if;
    source := logic.archive_table(section);
    own_id := coalesce((select i.new_id from archive_ids i where i.digest = import_archive_section.digest and i.old_id = import_archive_section.workflow), workflow);
    if exists (select from archive_ids i where i.digest = import_archive_section.digest) then
        line := 'logic.rewrite_archived_ids($1, l.line)';
    end if;
    if section = 'history' then
        return logic.import_archived_history(digest, workflow, own_id, line);
    end if;
    -- A field that the line lacks has its default, as in a row that was written before the column came.
    select string_agg(format('%I', c.name), ', ' order by c.place),
           string_agg(coalesce(said.filled ->> c.name, format('r.%I', c.name)), ', ' order by c.place)
      into columns, vals
      from unnest(logic.archive_columns(section)) with ordinality c (name, place);
    select string_agg(coalesce(case when a.attgenerated = '' then pg_get_expr(d.adbin, d.adrelid) end, 'null'), ', ' order by a.attnum) into defaults
      from pg_attribute a left join pg_attrdef d on d.adrelid = a.attrelid and d.adnum = a.attnum
     where a.attrelid = source and a.attnum > 0 and not a.attisdropped;
    execute format(
        'insert into %s (%s)
         select %s
           from (select l.line, row_number() over (order by c.place, l.n) as place
                   from archive_chunks c
                  cross join lateral string_to_table(c.lines, E''\n'') with ordinality l (line, n)
                  where c.digest = $1 and c.workflow_id is not distinct from $2 and c.section = $3) l
          cross join lateral jsonb_populate_record((select row(%s)::%s), logic.read_archived_row(%s, $3, $4, $5, l.place, $6, $7)) r
          order by l.place %s', source, columns, vals, defaults, source, line, case when said.is_shared then 'on conflict do nothing' end)
        using digest, workflow, section, logic.archive_fields(section),
              case when said.belongs is null then own_id end, checked.times, checked.counts;
    get diagnostics written = row_count;
    -- The workflow is new, so these are its only rows.
    if said.belongs is not null and not said.is_shared then
        execute format('select count(*) from %s r where %s', source, said.belongs) using own_id into belonging;
        if belonging <> written then
            perform logic.fail('invalid', format('A row of the archive''s section %s belongs to another workflow than it says.', section));
        end if;
    end if;
    return written;
exception
    when data_exception or integrity_constraint_violation then
        perform logic.fail('invalid', format('A row of the archive''s section %s cannot be imported: %s.', section, rtrim(sqlerrm, '.')));
end
$$;

-- The same for history, chunk by chunk. Transactions get numbers from 2^62 on, which no server reaches: so their rows are never
-- new to those who read the tail of history, and each transaction keeps a number of its own.
create function logic.import_archived_history(digest text, workflow text, own_id text, line text) returns bigint language plpgsql as $$
declare
    fields constant text[] := logic.archive_fields('history');
    checked constant record := logic.archive_checked_fields('history');
    top bigint := coalesce((select h.xid::text::bigint from history h where h.xid >= logic.first_archived_transaction() order by h.xid desc limit 1),
                           logic.first_archived_transaction()::text::bigint);
    chunk bigint;
    written bigint := 0;
    rows bigint;
    begun bigint;
begin
    for chunk in
        select c.place from archive_chunks c
         where c.digest = import_archived_history.digest and c.workflow_id = workflow and c.section = 'history' order by c.place
    loop
        execute format(
            'with
             -- The rows.
             rows as materialized (
                 select r.*, (v.row ->> ''continues'')::boolean as continues, l.n
                   from archive_chunks c
                  cross join lateral string_to_table(c.lines, E''\n'') with ordinality l (line, n)
                  cross join lateral (select logic.read_archived_row(%s, ''history'', $3, $4, $6 + l.n, $7, $8) as row offset 0) v
                  cross join lateral jsonb_to_record(v.row) r (stream_id text, seq bigint, workflow_id text, ticket_id text, job_id text, change_type text,
                        field_name text, old_value text, new_value text, change_description text, metadata jsonb, actor_id text,
                        on_behalf_of text, changed_at timestamptz)
                  where c.digest = $1 and c.place = $2
             ),
             -- In history.
             written as (
                 insert into history (stream_id, seq, workflow_id, ticket_id, job_id, change_type, field_name, old_value, new_value,
                                      change_description, metadata, actor_id, on_behalf_of, changed_at, xid)
                 select r.stream_id, r.seq, r.workflow_id, r.ticket_id, r.job_id, r.change_type, r.field_name, r.old_value, r.new_value,
                        r.change_description, r.metadata, r.actor_id, r.on_behalf_of, r.changed_at,
                        ($5 + count(*) filter (where r.continues is not true) over (order by r.n))::text::xid8
                   from rows r
             )
             select count(*), count(*) filter (where r.continues is not true) from rows r', line)
            using digest, chunk, fields, own_id, top, written, checked.times, checked.counts into rows, begun;
        written := written + rows;
        top := top + begun;
    end loop;
    return written;
end
$$;
