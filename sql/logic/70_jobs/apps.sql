-- Apps: the specification a job has produced, a JSON document and a product description in Markdown. One per job.

-- Writes a job's app. The job's row is locked.
create function logic.upsert_app(who logic.principal, job jobs, title text, spec jsonb, prd_markdown text) returns text language plpgsql as $$
declare
    made text;
begin
    if jsonb_typeof(coalesce(spec, 'null')) <> 'object' then
        perform logic.fail_invalid('spec', 'must be a JSON object');
    end if;
    if octet_length(spec::text) > 1048576 then
        perform logic.fail_invalid('spec', 'must be at most 1 MiB of JSON');
    end if;
    if octet_length(prd_markdown) > 1048576 then
        perform logic.fail_invalid('prd_markdown', 'must be at most 1 MiB');
    end if;
    insert into apps (id, job_id, workflow_id, ticket_id, title, spec, prd_markdown, created_by)
    values (logic.new_id('app'), job.id, job.workflow_id, job.ticket_id, left(coalesce(nullif(logic.trim_whitespace(upsert_app.title), ''), job.title), 500),
            upsert_app.spec, coalesce(upsert_app.prd_markdown, ''), logic.effective_actor_id(who))
    on conflict on constraint apps_one_a_job do update set spec = excluded.spec, prd_markdown = excluded.prd_markdown,
        title = case when upsert_app.title is null then apps.title else excluded.title end, updated_at = clock_timestamp()
    returning id into made;
    return made;
end
$$;

-- PUT /api/apps/by-job/{job_id}
create function logic.put_app(caller text, job text, title text, spec jsonb, prd_markdown text) returns jsonb language plpgsql as $$
declare
    access constant logic.job_access := logic.authorize_job(caller, job, 'member', lock_row => true);
    made text;
begin
    -- A separate statement, so that the next one sees the row.
    made := logic.upsert_app(access.who, access.job, title, spec, prd_markdown);
    return logic.app_json(made);
end
$$;

-- GET /api/apps/{id} and /api/apps/by-job/{job_id}: exactly one of the two is given.
create function logic.get_app(caller text, app text default null, job text default null) returns jsonb language plpgsql as $$
declare
    found_app apps;
begin
    select a.* into found_app from apps a join jobs j on j.id = a.job_id and j.deleted_at is null
     where a.id = app or a.job_id = job;
    perform logic.authorize(caller, found_app.workflow_id, 'viewer', coalesce('app ' || app, 'app of the job ' || job));
    return logic.app_json(found_app.id);
end
$$;

-- GET /api/apps: newest first, without their texts; of one workflow or of all of the caller's.
create function logic.list_apps(caller text, workflow text default null, max_rows bigint default 50, cursor text default null)
returns jsonb language plpgsql as $$
declare
    who logic.principal := logic.identify_caller(caller);
    about constant jsonb := jsonb_build_array(workflow);
    -- [created_at, id]
    last_seen jsonb;
    answer jsonb;
begin
    perform logic.require_scope(who, 'read');
    if workflow is not null then
        who := logic.authorize_principal(who, workflow, 'viewer');
    end if;
    last_seen := logic.read_cursor(cursor, 'apps', about);
    with
    -- The workflows that are read. Each gives a page, from an index in the order of the list.
    places as (
        select w.id from workflows w
         where (list_apps.workflow is null or w.id = list_apps.workflow)
           and (who.is_admin or exists (select from workflow_members m where m.workflow_id = w.id and m.actor_id = who.actor_id))
    ),
    -- One row more than requested, to learn whether there are more.
    page as (
        select n.*, row_number() over (order by n.created_at desc, n.id desc) as place
          from places p
         cross join lateral (
               select a.id, a.created_at, j.title as job_title, j.status as job_status
                 from apps a
                 join jobs j on j.id = a.job_id and j.deleted_at is null
                where a.workflow_id = p.id
                  and (last_seen is null or (a.created_at, a.id) < ((last_seen ->> 0)::timestamptz, last_seen ->> 1))
                order by a.created_at desc, a.id desc
                limit max_rows + 1) n
         order by n.created_at desc, n.id desc
         limit max_rows + 1
    )
    select jsonb_build_object(
        'apps', coalesce(jsonb_agg((logic.app_json(p.id) - '{spec,prd_markdown}'::text[])
                    || jsonb_build_object('job_title', p.job_title, 'job_status', p.job_status) order by p.place)
                    filter (where p.place <= max_rows), '[]'))
        || logic.page_end(count(*), max_rows, 'apps', about, jsonb_build_array(
            max(p.created_at) filter (where p.place = max_rows), max(p.id) filter (where p.place = max_rows)))
      into answer from page p;
    return answer;
end
$$;
