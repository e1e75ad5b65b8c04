-- Job builders with an address of their own: jobs that begin with a prompt and a chat, and can go on after their end.

-- The newest lines of one kind in a job's transcript, oldest first.
create function logic.builder_lines_json(job text, kind text, lines int) returns jsonb language sql stable
begin atomic
    select coalesce(jsonb_agg(logic.message_json(m.id) order by m.position), '[]')
      from (select m.id, m.position from job_messages m
             where m.job_id = builder_lines_json.job and m.kind = builder_lines_json.kind
             order by m.position desc limit lines) m;
end;

-- POST /jobs: a job and its ticket, which collects its prompt. With `queue_type` it becomes a job of this type, and its chat asks what
-- is missing: the first answer queues it (logic.post_builder_line).
create function logic.create_builder_job(caller text, prompt text, workflow text default null, queue_type text default null) returns jsonb
language plpgsql as $$
declare
    place constant text := coalesce(workflow, logic.ensure_default_workflow(caller));
    made jsonb;
begin
    if logic.is_blank(prompt) then
        perform logic.fail_invalid('prompt', 'must not be empty');
    elsif char_length(prompt) > 200000 then
        perform logic.fail_invalid('prompt', 'must have at most 200000 characters');
    end if;
    made := logic.create_job(caller, place, initial_prompt => prompt, job_type => queue_type,
        stages => case when queue_type is not null then '{plan,build}'::text[] end,
        with_ticket => (select w.ticket_tracking from workflows w where w.id = place));
    if queue_type is not null then
        perform logic.append_transcript(j, 'I have your prompt. Is anything missing, such as who will use it, or what must work first? '
            || 'Your answer is added to the prompt, and the work begins. Until then you can edit the prompt.', kind => 'chat')
           from jobs j where j.id = made ->> 'job_id';
    end if;
    return made;
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

-- Adds what is asked to a job's prompt; `field` is its name in the request.
create function logic.extend_builder_prompt(job jobs, asked text, field text) returns void language plpgsql as $$
begin
    if char_length(job.initial_prompt) + char_length(asked) > 199998 then
        perform logic.fail_invalid(field, 'and the prompt must have at most 200000 characters together');
    end if;
    update jobs j set initial_prompt = concat_ws(E'\n\n', nullif(j.initial_prompt, ''), asked) where j.id = job.id;
end
$$;

-- POST /job-messages and the socket's `chat`: a line of the caller under its own name, a person's as `user`, another's as `agent`. The
-- first line of a person queues a job that is of `queue_type` and collects its prompt; if it is paused, resuming queues it.
create function logic.post_builder_line(
    caller text, job text, content text, role text default null, metadata jsonb default null, queue_type text default null
) returns jsonb language plpgsql as $$
declare
    access constant logic.job_access := logic.authorize_job(caller, job, 'member', lock_row => true);
    held constant jobs := access.job;
    own constant text := case when logic.is_person(logic.effective_actor_id(access.who)) then 'user' else 'agent' end;
    made jsonb;
begin
    if role <> own then
        perform logic.fail_invalid('role', format('must be %s, because lines are written under the name of their author', own));
    end if;
    made := logic.post_job_message(caller, job, content, role => own, metadata => post_builder_line.metadata);
    if own = 'user' and held.status = 'collecting' and held.job_type = queue_type then
        perform logic.extend_builder_prompt(held, logic.trim_whitespace(content), 'content');
        if held.payload ->> 'paused' = 'true' then
            perform logic.append_transcript(held, 'Thank you. The job is paused; the work begins when you resume it.', kind => 'chat');
        else
            perform logic.continue_job(caller, job);
            perform logic.append_transcript(held, 'Thank you. The job is queued and begins as soon as a worker is free.', kind => 'chat');
        end if;
    end if;
    return made;
end
$$;

-- POST /jobs/{id}/pause and /resume. A job that collects its prompt is not worked on, so there a pause is only a mark; resuming queues
-- one that is of `queue_type` and has been answered.
create function logic.set_builder_job_paused(caller text, job text, paused boolean, queue_type text default null) returns jsonb language plpgsql as $$
declare
    held constant jobs := (logic.authorize_job(caller, job, 'member', lock_row => true)).job;
    answer jsonb;
begin
    if held.status = 'collecting' then
        answer := logic.update_job(caller, job,
            payload => (held.payload - 'paused') || case when paused then '{"paused": true}'::jsonb else '{}' end);
        if not paused and held.job_type = queue_type
           and exists (select from job_messages m where m.job_id = held.id and m.kind = 'chat' and m.role = 'user') then
            return logic.continue_job(caller, job);
        end if;
        return answer;
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
    end if;
    if held.finished_at is not null then
        perform logic.reopen_builder_ticket(caller, held);
    end if;
    if asked is not null then
        perform logic.post_job_message(caller, job, asked);
        perform logic.extend_builder_prompt(held, asked, 'requirements');
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
