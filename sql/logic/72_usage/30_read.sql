-- Reading usage: of a job by attempt, of a ticket by job, and of workflows or an agent in a range of days.

-- Totals of each model, the most used first; at most 50.
create function logic.usage_by_model_json(sums logic.usage_sums[]) returns jsonb language sql stable
begin atomic
    select coalesce(jsonb_agg(jsonb_build_object('model', m.model, 'usage', m.usage) order by m.tokens desc nulls last, m.model), '[]')
      from (select s.model, logic.usage_totals_json(array_agg(logic.usage_sum_of(s))) as usage,
                   coalesce(sum(s.input_tokens), 0) + coalesce(sum(s.output_tokens), 0) as tokens
              from unnest(sums) s group by s.model order by tokens desc nulls last, s.model limit 50) m;
end;

-- The attempts of a job, newest first, each with what it used; at most 200. Usage that belongs to no attempt comes last.
create function logic.attempt_usage_json(job text, sums logic.usage_sums[]) returns jsonb language sql stable
begin atomic
    select coalesce(jsonb_agg(jsonb_build_object('attempt', a.attempt, 'agent_id', a.agent_id, 'worker', a.worker, 'claimed_at', a.claimed_at,
               'is_running', coalesce(a.is_running, false), 'usage', a.usage) order by a.attempt desc nulls last), '[]')
      from (select coalesce(c.attempt, s.attempt) as attempt, c.agent_id, c.worker, c.claimed_at, logic.is_running_claim(c) as is_running,
                   logic.usage_totals_json(s.sums) as usage
              from (select * from job_claims c where c.job_id = attempt_usage_json.job) c
              full join (select s.attempt, array_agg(logic.usage_sum_of(s)) as sums from unnest(sums) s group by s.attempt) s on s.attempt = c.attempt
             order by 1 desc nulls last limit 200) a;
end;

-- GET /api/jobs/{id}/usage
create function logic.get_job_usage(caller text, job text) returns jsonb language plpgsql as $$
declare
    found_job constant jobs := (logic.authorize_job(caller, job, 'viewer')).job;
    sums constant logic.usage_sums[] := array(select s from logic.usage_sums s where s.job_id = found_job.id);
begin
    return jsonb_build_object('job_id', found_job.id, 'workflow_id', found_job.workflow_id, 'ticket_id', found_job.ticket_id,
        'usage', logic.job_usage_json(found_job.id), 'attempts', logic.attempt_usage_json(found_job.id, sums),
        'attempts_without_usage', (select count(*) from job_claims c where c.job_id = found_job.id and logic.lacks_usage(c)),
        'models', logic.usage_by_model_json(sums));
end
$$;

-- GET /api/tickets/{id}/usage: the newest 200 jobs, deleted ones too if they used something.
create function logic.get_ticket_usage(caller text, ticket text, workflow text default null) returns jsonb language plpgsql as $$
declare
    access constant logic.ticket_access := logic.authorize_ticket(caller, ticket, 'viewer', workflow);
    sums constant logic.usage_sums[] := array(select s from logic.usage_sums s where s.ticket_id = access.ticket_id);
    jobs_found jsonb;
begin
    with
    -- One job more than is shown, to learn whether there are more.
    newest as (
        select j.id, j.title, j.status, j.deleted_at is not null as is_deleted, j.created_at,
               row_number() over (order by j.created_at desc, j.id desc) as place
          from jobs j
         where j.ticket_id = access.ticket_id
           and (j.deleted_at is null or exists (select from usage_reports r where r.job_id = j.id))
         order by j.created_at desc, j.id desc limit 201
    )
    select jsonb_build_object('jobs', coalesce(jsonb_agg(jsonb_build_object('job_id', n.id, 'title', n.title, 'status', n.status,
               'is_deleted', n.is_deleted,
               'attempts', (select count(*) from job_claims c where c.job_id = n.id),
               'attempts_without_usage', (select count(*) from job_claims c where c.job_id = n.id and logic.lacks_usage(c)),
               'usage', (select logic.usage_totals_json(array_agg(logic.usage_sum_of(s))) from unnest(sums) s where s.job_id = n.id))
               order by n.place) filter (where n.place <= 200), '[]'), 'has_more', count(*) > 200)
      into jobs_found from newest n;
    return jsonb_build_object('ticket_id', access.ticket_id, 'key', 'TKT-' || access.number, 'workflow_id', access.workflow_id,
        'usage', logic.ticket_usage_json(access.ticket_id),
        'without_job', (select logic.usage_totals_json(array_agg(logic.usage_sum_of(s))) from unnest(sums) s where s.job_id is null),
        'models', logic.usage_by_model_json(sums)) || jobs_found;
end
$$;

-- The days of a range, the last 30 by default and 366 at most, and when it begins and ends in a time zone.
create function logic.read_day_range(
    first_day text, last_day text, zone text, out from_day date, out to_day date, out starts_at timestamptz, out ends_at timestamptz
) language plpgsql stable as $$
begin
    to_day := coalesce(logic.parse_day('last_day', last_day), (now() at time zone zone)::date);
    from_day := coalesce(logic.parse_day('first_day', first_day), to_day - 29);
    if to_day - from_day not between 0 and 365 then
        perform logic.fail_invalid('first_day', 'must be at most 365 days before last_day and not after it');
    end if;
    starts_at := from_day::timestamp at time zone zone;
    ends_at := (to_day + 1)::timestamp at time zone zone;
end
$$;

-- What a group of usage is called: the name of an agent, the key of a ticket, the title of a job, the name of a workflow.
create function logic.usage_group_name(group_by text, key text) returns text language sql stable
begin atomic
    select case group_by
        when 'agent' then (select a.name from actors a where a.id = key)
        when 'ticket' then (select 'TKT-' || t.number from tickets t where t.id = key)
        when 'job' then (select j.title from jobs j where j.id = key)
        when 'workflow' then (select w.name from workflows w where w.id = key) end;
end;

-- GET /api/usage: usage in a range of days of one workflow, or of all that the caller sees, of one agent or of all. By
-- default the last 30 days; days are those of `time_zone`, of the workflow, or of UTC. Groups of days are in order, others by tokens.
create function logic.get_usage(
    caller text, workflow text default null, agent text default null, first_day text default null, last_day text default null,
    time_zone text default null, group_by text default null, max_rows bigint default 100
) returns jsonb language plpgsql as $$
declare
    who logic.principal := logic.identify_caller(caller);
    zone text;
    days record;
    answer jsonb;
begin
    perform logic.require_scope(who, 'read');
    if workflow is not null then
        who := logic.authorize_principal(who, workflow, 'viewer');
    end if;
    if group_by not in ('day', 'agent', 'model', 'ticket', 'job', 'workflow') then
        perform logic.fail_invalid('group_by', 'must be one of day, agent, model, ticket, job, workflow');
    end if;
    zone := coalesce(logic.time_zone_of(workflow, time_zone), 'UTC');
    days := logic.read_day_range(first_day, last_day, zone);
    with
    -- The workflows that are read.
    places as materialized (
        select w.id from workflows w
         where (get_usage.workflow is null or w.id = get_usage.workflow)
           and (who.is_admin or exists (select from workflow_members m where m.workflow_id = w.id and m.actor_id = who.actor_id))
    ),
    -- The reports of the range, added up by group and currency.
    used as (
        select u.key, array_agg(u.sum) as sums, sum(coalesce((u.sum).input_tokens, 0) + coalesce((u.sum).output_tokens, 0)) as tokens
          from (select case group_by when 'day' then ((r.reported_at at time zone zone)::date)::text when 'agent' then r.agent_id
                                     when 'model' then r.model when 'ticket' then r.ticket_id when 'job' then r.job_id
                                     when 'workflow' then r.workflow_id end as key,
                       row(r.currency, count(*), sum(r.input_tokens), sum(r.output_tokens), sum(r.cache_read_tokens), sum(r.cache_write_tokens),
                           sum(r.cost), count(*) filter (where r.input_tokens is null or r.output_tokens is null),
                           count(*) filter (where r.cost is null))::logic.usage_sum as sum
                  from places p
                  join usage_reports r on r.workflow_id = p.id and r.reported_at >= days.starts_at and r.reported_at < days.ends_at
                 where get_usage.agent is null or r.agent_id = get_usage.agent
                 group by 1, r.currency) u
         group by u.key
    ),
    -- The claims of the range by group, and those of them that ended without a report. Claims have no model.
    claimed as (
        select case group_by when 'day' then ((c.claimed_at at time zone zone)::date)::text when 'agent' then c.agent_id
                             when 'ticket' then j.ticket_id when 'job' then c.job_id when 'workflow' then c.workflow_id end as key,
               count(*) as attempts, count(*) filter (where logic.lacks_usage(c)) as without_usage
          from places p
          join job_claims c on c.workflow_id = p.id and c.claimed_at >= days.starts_at and c.claimed_at < days.ends_at
          left join jobs j on j.id = c.job_id and group_by = 'ticket'
         where get_usage.agent is null or c.agent_id = get_usage.agent
         group by 1
    ),
    -- Both, numbered in the order of the answer.
    groups as (
        select coalesce(u.key, c.key) as key, u.sums, coalesce(c.attempts, 0) as attempts, coalesce(c.without_usage, 0) as without_usage,
               row_number() over (order by case when group_by = 'day' then coalesce(u.key, c.key) end, u.tokens desc nulls last,
                                           c.attempts desc nulls last, coalesce(u.key, c.key)) as place
          from used u full join (select * from claimed c where group_by is distinct from 'model') c
            on coalesce(c.key, '') = coalesce(u.key, '')
    )
    select jsonb_build_object(
        'usage', logic.usage_totals_json((select array_agg(s) from used u cross join lateral unnest(u.sums) s)),
        'attempts', (select coalesce(sum(c.attempts), 0)::bigint from claimed c),
        'attempts_without_usage', (select coalesce(sum(c.without_usage), 0)::bigint from claimed c),
        'groups', coalesce(jsonb_agg(jsonb_build_object('key', g.key, 'name', logic.usage_group_name(group_by, g.key),
            'attempts', case when group_by <> 'model' then g.attempts end, 'attempts_without_usage', case when group_by <> 'model' then g.without_usage end,
            'usage', logic.usage_totals_json(g.sums)) order by g.place) filter (where g.place <= max_rows and group_by is not null), '[]'),
        'has_more', group_by is not null and count(*) > max_rows)
      into answer from groups g;
    return answer || jsonb_build_object('workflow_id', workflow, 'agent_id', agent, 'first_day', days.from_day, 'last_day', days.to_day,
        'time_zone', zone, 'group_by', group_by);
end
$$;
