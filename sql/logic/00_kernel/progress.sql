-- How far long work is. What a transaction writes is seen only at its end, so it says so in the name of its connection, which others
-- see at once.

-- Begins to tell how far the work called `subject` is, until the end of the transaction.
create function logic.begin_progress(subject text) returns void language plpgsql as $$
begin
    perform set_config('callboard.progress', left(md5(subject), 12), true);
end
$$;

-- `done` of `total` of a step, which is one word. Does nothing in work that tells no progress.
create function logic.note_progress(step text, done bigint, total bigint) returns void language plpgsql as $$
declare
    work constant text := coalesce(current_setting('callboard.progress', true), '');
begin
    if work <> '' then
        perform set_config('application_name', format('callboard-work %s %s %s/%s', work, step, done, total), true);
    end if;
end
$$;

-- {step, done, total} of the work called `subject`, the longest that runs; null if none does.
create function logic.find_progress(subject text) returns jsonb language sql stable
begin atomic
    select jsonb_build_object('step', m.parts[1], 'done', m.parts[2]::bigint, 'total', m.parts[3]::bigint)
      from pg_stat_activity a
     cross join lateral regexp_match(a.application_name, '^callboard-work ' || left(md5(find_progress.subject), 12) || ' (\w+) (\d+)/(\d+)$') m (parts)
     where a.datname = current_database() and a.state = 'active' and m.parts is not null
     order by a.xact_start limit 1;
end;
