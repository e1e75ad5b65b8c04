-- Reading archives, first part: the lines are collected in archive_chunks, a chunk a transaction, where nothing else sees them. An
-- interrupted import goes on from there. The second part, archive_30_import.sql, is one transaction, so that others see a
-- workflow as a whole or not at all.

-- The newest migration of the database.
create function logic.get_archive_schema() returns bigint language plpgsql stable as $$
declare
    newest bigint;
begin
    -- Made by the program that migrates, so it may be absent here.
    execute 'select max(version) from refinery_schema_history' into newest;
    return newest;
end
$$;

-- Begins the import of an archive or goes on with it; returns how many chunks have arrived. `schema_version` is the newest
-- migration of the database that it came from.
create function logic.stage_archive(caller text, digest text, schema_version bigint) returns bigint language plpgsql as $$
declare
    own_version constant bigint := logic.get_archive_schema();
begin
    perform logic.authorize_archive(caller, null);
    if digest !~ '^[0-9a-f]{64}$' then
        perform logic.fail_invalid('digest', 'must be a SHA-256 in hexadecimal digits');
    end if;
    if schema_version > own_version then
        perform logic.fail('conflict', format(
            'The archive was made by a newer Callboard (its schema is %s, this one %s); update this one first.', schema_version, own_version));
    end if;
    insert into archive_imports as i (digest) values (stage_archive.digest)
    on conflict on constraint archive_imports_pkey do update set touched_at = clock_timestamp();
    return (select coalesce(max(c.place), 0) from archive_chunks c where c.digest = stage_archive.digest);
end
$$;

-- Takes the next chunk.
create function logic.stage_archive_chunk(caller text, digest text, place bigint, workflow text, section text, lines text)
returns bigint language plpgsql as $$
begin
    perform logic.authorize_archive(caller, null);
    if place <> 1 + (select coalesce(max(c.place), 0) from archive_chunks c where c.digest = stage_archive_chunk.digest) then
        perform logic.fail('conflict', 'Another import of this archive is running; wait for its end.');
    end if;
    insert into archive_chunks (digest, place, workflow_id, section, lines) values (digest, place, workflow, section, lines);
    update archive_imports i set touched_at = clock_timestamp() where i.digest = stage_archive_chunk.digest;
    return place;
end
$$;

-- Partitions of history for the months (YYYY-MM) of an archive, at most the last ten years, in transactions of their own, because
-- this locks history for a moment. Rows of other months go to the default partition, as do months that it has rows of already.
create function logic.create_archive_partitions(caller text, months text[]) returns bigint language plpgsql as $$
declare
    month date;
    made bigint := 0;
begin
    perform logic.authorize_archive(caller, null);
    for month in
        select distinct to_date(m, 'YYYY-MM') from unnest(months) m
         where m ~ '^20[0-9]{2}-(0[1-9]|1[0-2])$'
           and to_date(m, 'YYYY-MM') between date_trunc('month', now()) - interval '120 months' and date_trunc('month', now()) - interval '1 month'
         order by 1
    loop
        if to_regclass(format('public.history_%s', to_char(month, 'YYYY_MM'))) is null
           and not exists (select from history_default h where h.changed_at >= month::timestamp at time zone 'UTC'
                              and h.changed_at < (month + interval '1 month') at time zone 'UTC') then
            execute format('create table %I partition of history for values from (%L) to (%L)',
                'history_' || to_char(month, 'YYYY_MM'),
                month::timestamp at time zone 'UTC', (month + interval '1 month') at time zone 'UTC');
            made := made + 1;
        end if;
    end loop;
    return made;
end
$$;

-- Forgets imports that were left. Housekeeping.
create function logic.prune_archive_imports() returns void language sql volatile
begin atomic
    delete from archive_imports i where i.touched_at < now() - interval '7 days';
end;
