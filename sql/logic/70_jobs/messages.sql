-- The transcript of a job, for people and programs without a lease; workers use logic.post_job_messages.

-- GET /api/job-messages: in order after a position, or backwards from a position.
create function logic.list_job_messages(caller text, job text, kinds text[] default null, after bigint default 0, before bigint default null, max_rows bigint default 100)
returns jsonb language plpgsql as $$
declare
    found_job constant jobs := (logic.authorize_job(caller, job, 'viewer')).job;
    answer jsonb;
begin
    if exists (select from unnest(kinds) k where k not in ('chat', 'step', 'log')) then
        perform logic.fail_invalid('kind', 'must be one of chat, step, log');
    end if;
    with
    -- One row more than requested, to learn whether there are more; backwards if `before` is given.
    page as (
        select m.id, m.position, row_number() over (order by case when before is null then m.position else -m.position end) as place
          from job_messages m
         where m.job_id = found_job.id and (kinds is null or m.kind = any (kinds))
           and m.position > after and m.position < coalesce(before, 9223372036854775807)
         order by case when before is null then m.position else -m.position end
         limit max_rows + 1
    )
    select jsonb_build_object(
        'messages', coalesce(jsonb_agg(logic.message_json(p.id) order by p.position) filter (where p.place <= max_rows), '[]'),
        'has_more', count(*) > max_rows,
        'next_cursor', case when count(*) > max_rows then (max(p.position) filter (where p.place = max_rows))::text end)
      into answer from page p;
    return answer;
end
$$;

-- POST /api/job-messages: a line from a member, without a lease.
create function logic.post_job_message(
    caller text, job text, content text, kind text default null, role text default null, sender text default null,
    level text default null, metadata jsonb default null
) returns jsonb language plpgsql as $$
declare
    access constant logic.job_access := logic.authorize_job(caller, job, 'member', lock_row => true);
    who constant logic.principal := access.who;
    held constant jobs := access.job;
    made text;
begin
    if jsonb_typeof(post_job_message.metadata) <> 'object' then
        perform logic.fail_invalid('metadata', 'must be an object');
    end if;
    insert into job_messages (job_id, workflow_id, kind, role, sender, level, content, stage, attempt, metadata, agent_id)
    values (held.id, held.workflow_id, coalesce(post_job_message.kind, 'chat'), coalesce(post_job_message.role, 'user'),
            left(coalesce(post_job_message.sender, (select a.name from actors a where a.id = logic.effective_actor_id(who)), logic.effective_actor_id(who)), 200),
            coalesce(post_job_message.level, 'info'), post_job_message.content, held.stage, held.attempt, coalesce(post_job_message.metadata, '{}'),
            logic.effective_actor_id(who))
    returning id into made;
    return logic.message_json(made);
end
$$;

-- DELETE /api/job-messages/{id}: by its author, or by an owner of the workflow.
create function logic.delete_job_message(caller text, message text) returns jsonb language plpgsql as $$
declare
    found_message job_messages;
    held jobs;
    who logic.principal;
begin
    select * into found_message from job_messages m where m.id = message;
    select * into held from jobs j where j.id = found_message.job_id and j.deleted_at is null;
    who := logic.authorize(caller, held.workflow_id, 'member', 'message ' || coalesce(message, ''));
    if who.role <> 'owner' and found_message.agent_id is distinct from logic.effective_actor_id(who) then
        perform logic.fail('forbidden', 'Only its author and owners of the workflow may delete a message.');
    end if;
    perform 1 from jobs j where j.id = held.id for no key update;
    delete from job_messages m where m.id = found_message.id;
    return jsonb_build_object('success', true, 'message_id', found_message.id);
end
$$;
