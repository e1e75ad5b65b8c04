-- The values of a job's fields, checked by triggers where one of them is written, as those of a ticket are (V026). Postgres
-- reads the text of every check constraint of a table again in each statement that updates it: the fourteen of `jobs` were two
-- fifths of the instructions of an update of one column, and a fifth of a heartbeat's. The triggers report a broken rule under
-- the constraint's name and SQLSTATE. Sizes have a trigger of their own, because measuring a payload means writing it out as text.

-- squawk-ignore-file ban-drop-constraint

create function check_job_values() returns trigger language plpgsql as $$
declare
    broken constant text := case
        when new.status not in ('collecting', 'queued', 'running', 'paused', 'waiting', 'succeeded', 'failed', 'cancelled') then 'jobs_status'
        when new.progress < 0 or new.progress > 100 then 'jobs_progress'
        when char_length(new.progress_message) > 2000 then 'jobs_progress_message_length'
        when char_length(new.worker) > 200 then 'jobs_worker_length'
        when char_length(new.error) > 20000 then 'jobs_error_length'
        when new.commit_sha !~ '^[0-9a-f]{4,64}$' then 'jobs_commit_sha'
        when char_length(new.title) not between 1 and 500 then 'jobs_title_length'
        when char_length(new.job_type) not between 1 and 64 then 'jobs_type_length'
        when cardinality(new.stages) > 50 then 'jobs_stages_count'
        when new.priority not in ('low', 'medium', 'high', 'critical') then 'jobs_priority'
        when new.max_attempts not between 1 and 100 then 'jobs_max_attempts'
    end;
begin
    if broken is not null then
        raise exception 'new row for relation "jobs" violates check constraint "%"', broken
            using errcode = 'check_violation', schema = tg_table_schema, table = tg_table_name, constraint = broken;
    end if;
    return new;
end
$$;

create function check_job_sizes() returns trigger language plpgsql as $$
declare
    broken constant text := case
        when char_length(new.initial_prompt) > 200000 then 'jobs_prompt_length'
        when octet_length(new.payload::text) > 262144 then 'jobs_payload_size'
        when octet_length(new.result::text) > 262144 then 'jobs_result_size'
    end;
begin
    if broken is not null then
        raise exception 'new row for relation "jobs" violates check constraint "%"', broken
            using errcode = 'check_violation', schema = tg_table_schema, table = tg_table_name, constraint = broken;
    end if;
    return new;
end
$$;

-- Named to run after the trigger that fills in missing values.
create trigger jobs_values before insert or update of status, progress, progress_message, worker, error, commit_sha, title,
    job_type, stages, priority, max_attempts
    on jobs for each row execute function check_job_values();

create trigger jobs_values_sizes before insert or update of initial_prompt, payload, result
    on jobs for each row execute function check_job_sizes();

alter table jobs
    drop constraint jobs_title_length,
    drop constraint jobs_prompt_length,
    drop constraint jobs_type_length,
    drop constraint jobs_stages_count,
    drop constraint jobs_status,
    drop constraint jobs_error_length,
    drop constraint jobs_priority,
    drop constraint jobs_payload_size,
    drop constraint jobs_progress,
    drop constraint jobs_progress_message_length,
    drop constraint jobs_max_attempts,
    drop constraint jobs_worker_length,
    drop constraint jobs_result_size,
    drop constraint jobs_commit_sha;
