-- Writing archives. A row is one line: its columns as jsonb writes them, so that equal rows are equal bytes. Functions that make
-- lines fix the settings on which the text of a value depends.

-- Whether the caller may export the workflow: true, or it fails.
create function logic.check_archive_access(caller text, workflow text) returns boolean language plpgsql as $$
begin
    perform logic.authorize_archive(caller, workflow);
    return true;
end
$$;

-- Before a workflow is exported: brings what reports store up to date, so that an archive does not depend on when that was done
-- last, and records who exports. Returns {id, name, rows}.
create function logic.prepare_archive(caller text, workflow text) returns jsonb language plpgsql as $$
declare
    rows bigint;
begin
    perform logic.authorize_archive(caller, workflow);
    for step in 1 .. 1000 loop
        exit when logic.refresh_reporting(workflow) = 0;
    end loop;
    select sum(s.last_seq - s.pruned_seq) into rows from streams s where s.workflow_id = workflow;
    rows := rows + (select count(*) from tickets t where t.workflow_id = workflow) + (select count(*) from ticket_comments c where c.workflow_id = workflow)
        + (select count(*) from job_messages m where m.workflow_id = workflow);
    perform logic.record_repeatable_event('export', 'ok', null, workflow, jsonb_build_object('archive', true));
    return jsonb_build_object('id', workflow, 'name', (select w.name from workflows w where w.id = workflow), 'rows', coalesce(rows, 0));
end
$$;

-- The workflows of an archive of the whole server, in order.
create function logic.list_archive_workflows(caller text) returns jsonb language plpgsql as $$
begin
    perform logic.authorize_archive(caller, null);
    return (select coalesce(jsonb_agg(w.id order by w.id), '[]') from workflows w);
end
$$;

-- The streams of a workflow that have events, with the number before the first and of the last one: what an interrupted export
-- has written of history still holds as far as these did not change.
create function logic.list_archive_streams(caller text, workflow text) returns table (stream_id text, pruned_seq bigint, last_seq bigint)
language plpgsql as $$
begin
    perform logic.authorize_archive(caller, workflow);
    return query select s.stream_id, s.pruned_seq, s.last_seq from streams s
                  where s.workflow_id = workflow and s.last_seq > s.pruned_seq order by s.stream_id;
end
$$;

-- The streams of a workflow whose history is not complete, at most 100, with the first number that is missing or repeated: an
-- archive of them cannot be imported (logic.check_archived_history).
create function logic.list_archive_gaps(caller text, workflow text) returns jsonb language plpgsql stable as $$
begin
    perform logic.authorize_archive(caller, workflow);
    return (
        with
        -- The streams with what history has of them.
        seen as (
            select s.stream_id, s.pruned_seq, s.last_seq, count(h.seq) as events, count(distinct h.seq) as numbers, max(h.seq) as top_seq
              from streams s left join history h on h.stream_id = s.stream_id and h.seq > s.pruned_seq
             where s.workflow_id = workflow
             group by s.stream_id
        ),
        -- Those with a gap, a repeat or a wrong end.
        broken as (
            select n.* from seen n
             where n.events <> n.last_seq - n.pruned_seq or n.numbers <> n.events or coalesce(n.top_seq, n.pruned_seq) <> n.last_seq
             order by n.stream_id limit 100
        )
        select coalesce(jsonb_agg(jsonb_build_object('stream_id', b.stream_id,
                   -- The first one that does not follow from the one before it, or what comes after the last one.
                   'seq', coalesce(f.seq, coalesce(b.top_seq, b.pruned_seq) + 1)) order by b.stream_id), '[]')
          from broken b
          left join lateral (
                select min(least(r.seq, r.before + 1)) filter (where r.seq <> r.before + 1) as seq
                  from (select h.seq, lag(h.seq, 1, b.pruned_seq) over (order by h.seq) as before
                          from history h where h.stream_id = b.stream_id and h.seq > b.pruned_seq) r) f on true);
end
$$;

-- The names of the sections, in order; `of_server`: of those that can belong to the whole server.
create function logic.list_archive_sections(of_server boolean) returns text[] language sql stable
begin atomic
    select array_agg(s.section order by s.place) from logic.archive_sections() s
     where not of_server or s.is_shared and s.section <> 'default_workflows';
end;

-- At most `max_rows` lines of a section of a workflow, or of the server, after the given line.
create function logic.export_archive_lines(caller text, workflow text, section text, after text default null, max_rows bigint default 10000)
returns setof text language plpgsql stable
set timezone = 'UTC' set datestyle = 'ISO' set bytea_output = 'hex' set extra_float_digits = 1 set intervalstyle = 'postgres'
set max_parallel_workers_per_gather = 0 as $$
declare
    said record;
    source regclass;
    keys text;
    seen text;
begin
    perform logic.authorize_archive(caller, workflow);
    select s.* into said from logic.archive_sections() s where s.section = export_archive_lines.section;
    if said is null or workflow is null and not said.is_shared then
        perform logic.fail_invalid('section', 'must be a section of an archive');
    end if;
    if section = 'history' then
        return query select * from logic.export_archived_history(workflow, after, max_rows);
        return;
    elsif section = 'people' then
        return query select * from logic.export_archived_people(workflow, after, max_rows);
        return;
    end if;
    source := logic.archive_table(section);
    select string_agg(format('r.%I', k.name), ', ' order by k.place),
           -- Subqueries, because they are computed once.
           string_agg(format('(select (jsonb_populate_record(null::%s, $3)).%I)', source, k.name), ', ' order by k.place)
      into keys, seen
      from unnest(said.keys) with ordinality k (name, place);
    return query execute format(
        'select (to_jsonb(r) - $4 %s)::text from %s r where %s %s order by %s limit $2',
        (select string_agg(format('|| jsonb_build_object(%L, %s)', e.key, e.value), ' ') from jsonb_each_text(said.shown) e),
        source,
        case when workflow is null then 'true' else coalesce(said.belongs, 'r.workflow_id = $1') end,
        case when after is not null then format('and (%s) > (%s)', keys, seen) end,
        keys)
        using workflow, max_rows, after::jsonb, said.omitted;
end
$$;

-- The same for history, by stream. The number of a transaction says nothing elsewhere; `continues` says that a row is of the
-- transaction of the row before it in its stream.
create function logic.export_archived_history(workflow text, after text, max_rows bigint) returns setof text language plpgsql stable as $$
declare
    last_stream constant text := after::jsonb ->> 'stream_id';
    last_seq constant bigint := (after::jsonb ->> 'seq')::bigint;
begin
    return query
        select (to_jsonb(r.row) - '{xid}'::text[] || jsonb_build_object('continues', r.continues))::text
          from (select s.stream_id, s.pruned_seq from streams s
                 where s.workflow_id = export_archived_history.workflow and (last_stream is null or s.stream_id >= last_stream collate "C")
                 order by s.stream_id) p
         cross join lateral (
                -- With the last row of before, to compare with.
                select h as row, h.seq, coalesce(h.xid = lag(h.xid) over (order by h.seq), false) as continues
                  from history h
                 where h.stream_id = p.stream_id and h.seq > p.pruned_seq
                   and h.seq >= case when p.stream_id = last_stream then last_seq else 0 end
                 order by h.seq limit max_rows + 1) r
         where r.seq > case when p.stream_id = last_stream then last_seq else 0 end
         limit max_rows;
end
$$;

-- The same for people, agents and services: those that rows of the workflow name, or all. An owner is named only if it is one of
-- them. Who administers a server is not said. The service of the command line is made when it is needed, so its time is left out.
create function logic.export_archived_people(workflow text, after text, max_rows bigint) returns setof text language plpgsql stable as $$
declare
    named text;
begin
    if workflow is null then
        named := 'select a.id from actors a where a.id <> ''callboard''';
    else
        select string_agg(format('select r.%I from %s r where %s', f.column_name, logic.archive_table(f.section), coalesce(s.belongs, 'r.workflow_id = $1')),
                          ' union ' order by f.section, f.column_name)
          into named
          from logic.archive_references f join logic.archive_sections() s using (section)
         where f.target = 'actors'::regclass;
        named := named || ' union select n.id from streams s join history h on h.stream_id = s.stream_id cross join lateral (values (h.actor_id), (h.on_behalf_of)) n (id) where s.workflow_id = $1'
            -- Without a foreign key, because a row is written in every claim.
            || ' union select c.agent_id from job_claims c where c.workflow_id = $1';
    end if;
    return query execute format(
        'with
         -- The ids.
         named (id) as materialized (%s)
         select jsonb_build_object(''id'', a.id, ''kind'', a.kind, ''name'', a.name, ''email'', u.email,
                    ''owner_id'', (select o.id from named o where o.id = a.owner_id),
                    ''created_at'', case when a.id <> ''callboard'' then a.created_at end, ''disabled_at'', a.disabled_at)::text
           from named n join actors a on a.id = n.id left join users u on u.actor_id = a.id
          where $3::text is null or a.id > $3 collate "C"
          order by a.id limit $2', named)
        using workflow, max_rows, after::jsonb ->> 'id';
end
$$;
