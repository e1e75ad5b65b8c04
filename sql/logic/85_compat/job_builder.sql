-- Job builders with an address of their own: jobs that begin with a prompt and a chat, and can go on after their end.

-- The newest lines of one kind in a job's transcript, oldest first.
create function logic.builder_lines_json(job text, kind text, lines int) returns jsonb language sql stable
begin atomic
    select coalesce(jsonb_agg(logic.message_json(m.id) order by m.position), '[]')
      from (select m.id, m.position from job_messages m
             where m.job_id = builder_lines_json.job and m.kind = builder_lines_json.kind
             order by m.position desc limit lines) m;
end;

-- POST /jobs: a job and its ticket. With `queue_type` it is queued at once as a job of this type, else it collects its prompt.
create function logic.create_builder_job(caller text, prompt text, workflow text default null, queue_type text default null) returns jsonb
language plpgsql as $$
declare
    place constant text := coalesce(workflow, logic.ensure_default_workflow(caller));
begin
    if logic.is_blank(prompt) then
        perform logic.fail_invalid('prompt', 'must not be empty');
    elsif char_length(prompt) > 200000 then
        perform logic.fail_invalid('prompt', 'must have at most 200000 characters');
    end if;
    return logic.create_job(caller, place, initial_prompt => prompt, job_type => queue_type,
        stages => case when queue_type is not null then '{plan,build}'::text[] end, queue => queue_type is not null,
        with_ticket => (select w.ticket_tracking from workflows w where w.id = place));
end
$$;

-- GET /jobs/{id}: with the newest lines of its chat and its newest steps.
create function logic.get_builder_job(caller text, job text) returns jsonb language plpgsql as $$
declare
    held constant jobs := (logic.authorize_job(caller, job, 'viewer')).job;
begin
    return logic.job_json(held) || jsonb_build_object('chat', logic.builder_lines_json(held.id, 'chat', 200),
        'steps', logic.builder_lines_json(held.id, 'step', 200),
        'has_ticket', exists (select from tickets t where t.id = held.ticket_id and t.deleted_at is null));
end
$$;

-- POST /jobs/{id}/pause and /resume. A job that collects its prompt is not worked on, so there a pause is only a mark.
create function logic.set_builder_job_paused(caller text, job text, paused boolean) returns jsonb language plpgsql as $$
declare
    held constant jobs := (logic.authorize_job(caller, job, 'member', lock_row => true)).job;
begin
    if held.status = 'collecting' then
        return logic.update_job(caller, job,
            payload => (held.payload - 'paused') || case when paused then '{"paused": true}'::jsonb else '{}' end);
    elsif paused then
        return logic.pause_job(caller, job);
    end if;
    return logic.resume_job(caller, job);
end
$$;

-- Reopens the ticket of a job that goes on, in the first column of its board: workers get no jobs of resolved tickets.
create function logic.reopen_builder_ticket(caller text, job jobs) returns void language plpgsql as $$
declare
    place record;
    answer jsonb;
begin
    select t.id, b.initial_status, b.require_comments_on_status_change as explained into place
      from tickets t join boards b on b.workflow_id = t.workflow_id
     where t.id = job.ticket_id and logic.is_live(t) and t.is_resolved;
    if place.id is not null then
        answer := logic.change_status(caller, place.id, place.initial_status,
            case when place.explained then format('More is asked of the job "%s".', job.title) end);
        if not (answer ->> 'success')::boolean then
            perform logic.fail('conflict', answer ->> 'message');
        end if;
    end if;
end
$$;

-- POST /jobs/{id}/continue: the prompt is complete, or more is asked for, which becomes a line of the chat and part of the prompt.
-- A job that has ended starts over, as logic.retry_job does it, also after a success.
create function logic.continue_builder_job(caller text, job text, requirements text default null) returns jsonb language plpgsql as $$
declare
    held jobs := (logic.authorize_job(caller, job, 'member', lock_row => true)).job;
    asked constant text := nullif(logic.trim_whitespace(requirements), '');
begin
    if held.status = 'succeeded' and asked is null then
        perform logic.fail_invalid('requirements', 'must say what is to be added: this job has succeeded');
    elsif char_length(held.initial_prompt) + char_length(asked) > 199998 then
        perform logic.fail_invalid('requirements', 'and the prompt must have at most 200000 characters together');
    end if;
    if held.finished_at is not null then
        perform logic.reopen_builder_ticket(caller, held);
    end if;
    if asked is not null then
        perform logic.post_job_message(caller, job, asked);
        update jobs j set initial_prompt = concat_ws(E'\n\n', nullif(j.initial_prompt, ''), asked) where j.id = held.id;
    end if;
    if held.status in ('failed', 'cancelled') then
        return logic.retry_job(caller, job);
    elsif held.status <> 'succeeded' then
        return logic.continue_job(caller, job);
    end if;
    update jobs j set status = 'queued', attempt = 0, stage = null, progress = 0, progress_message = '', error = null, lease_token = null,
        cancel_requested_at = null, end_answer = null, not_before = clock_timestamp(), result = null
     where j.id = held.id returning * into held;
    return logic.job_json(held);
end
$$;

-- GET /tickets?job_id=: the ticket of a job and those below it, three levels deep.
create function logic.list_builder_tickets(caller text, job text) returns jsonb language plpgsql as $$
declare
    held constant jobs := (logic.authorize_job(caller, job, 'viewer')).job;
    found_tickets jsonb;
begin
    with recursive
    -- The job's ticket, then its sub-tickets level by level.
    tree as (
        select t.id, 0 as level from tickets t where t.id = held.ticket_id and logic.is_live(t)
        union all
        select s.id, u.level + 1 from tree u join tickets s on s.parent_ticket_id = u.id and logic.is_live(s) where u.level < 3
    ),
    -- No more than a list inside an answer holds.
    shown as (
        select u.id, u.level from tree u order by u.level, u.id limit logic.max_references()
    )
    select coalesce(jsonb_agg(to_jsonb(c) || jsonb_build_object('description', t.description, 'level', s.level, 'job_id', held.id,
               'category', (select b.category from board_columns b where b.workflow_id = t.workflow_id and b.id = t.status),
               'has_children', exists (select from tickets n where n.parent_ticket_id = s.id and logic.is_live(n)))
               order by s.level, t.number), '[]')
      into found_tickets
      from shown s
      join logic.cards c on c.ticket_id = s.id
      join tickets t on t.id = s.id;
    return found_tickets;
end
$$;

-- GET /apps: the newest 100 apps with their documents; of a large document only the texts that lists show.
create function logic.list_builder_apps(caller text, workflow text default null) returns jsonb language plpgsql as $$
declare
    found_apps constant jsonb := logic.list_apps(caller, workflow, 100) -> 'apps';
begin
    return (
        select coalesce(jsonb_agg(e.app || jsonb_build_object('spec', case when octet_length(a.spec::text) <= 16384 then a.spec
                   else jsonb_build_object('requirements', left(a.spec ->> 'requirements', 2000), 'summary', left(a.spec ->> 'summary', 2000)) end)
                   order by e.place), '[]')
          from jsonb_array_elements(found_apps) with ordinality e (app, place)
          join apps a on a.id = e.app ->> 'app_id');
end
$$;
