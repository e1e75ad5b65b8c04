-- Findings about assignees and jobs.

-- Assignees with more open tickets than the limit. It has lasted since a server saw it.
create function logic.find_overloaded_agents(workflow text, thresholds finding_thresholds, loads logic.assignee_load[])
returns setof logic.finding language sql stable
begin atomic
    select 'agent_overloaded', l.agent_id, null, l.agent_id, null, null, coalesce(f.opened_at, now()), l.open_tickets::float8,
           thresholds.max_open_tickets::float8,
           format('%s has %s; the limit is %s.', l.name, logic.open_tickets_text(l.open_tickets), thresholds.max_open_tickets),
           case when s.agent_id is null then logic.finding_suggestion('ask', format('Ask %s which tickets somebody else can take.', l.name), l.agent_id)
                else logic.finding_suggestion('reassign', format('Reassign some to %s, who has %s here.', s.name, logic.open_tickets_text(s.open_tickets)),
                         s.agent_id) end
      from unnest(loads) l
      left join findings f on f.workflow_id = find_overloaded_agents.workflow and f.kind = 'agent_overloaded' and f.subject = l.agent_id and f.closed_at is null
      left join logic.suggested_assignee(loads, thresholds.max_open_tickets, l.agent_id) s on true
     where thresholds.max_open_tickets > 0 and l.open_tickets > thresholds.max_open_tickets
     order by l.open_tickets desc, l.agent_id limit logic.max_findings();
end;

-- Agents that hold tickets in active columns and have done nothing about any of them for too long.
create function logic.find_silent_agents(thresholds finding_thresholds, loads logic.assignee_load[]) returns setof logic.finding language sql stable
begin atomic
    select 'agent_silent', l.agent_id, null, l.agent_id, null, null, l.silent_since, floor(extract(epoch from now() - l.silent_since) / 60)::float8,
           thresholds.silent_minutes::float8,
           format('%s has done nothing about its tickets for %s.', l.name, logic.duration_text(extract(epoch from now() - l.silent_since))),
           case when s.agent_id is null then logic.finding_suggestion('ask', format('Restart %s, or reassign its tickets.', l.name), l.agent_id)
                else logic.finding_suggestion('reassign', format('Reassign its tickets to %s, who has %s here.', s.name,
                         logic.open_tickets_text(s.open_tickets)), s.agent_id) end
      from unnest(loads) l
      left join logic.suggested_assignee(array(select o from unnest(loads) o where o.agent_id <> l.agent_id), thresholds.max_open_tickets) s on true
     where l.silent_since is not null
     order by l.silent_since, l.agent_id limit logic.max_findings();
end;

-- Job types whose queued jobs no live worker has taken for too long (logic.mark_jobs_without_worker marks them). 5,000 jobs
-- are considered.
create function logic.find_jobs_without_worker(workflow text, thresholds finding_thresholds) returns setof logic.finding language sql stable
begin atomic
    with
    -- Marked jobs.
    waiting as (
        select j.job_type, j.no_worker_since
          from (select j.* from jobs j
                 where j.workflow_id = find_jobs_without_worker.workflow and j.status = 'queued' and j.deleted_at is null
                 limit logic.max_finding_candidates()) j
         where j.no_worker_since < now() - make_interval(mins => thresholds.without_worker_minutes::int) and thresholds.without_worker_minutes > 0
    ),
    -- By type.
    types as (
        select w.job_type, count(*) as jobs, min(w.no_worker_since) as since from waiting w group by w.job_type
    )
    select 'job_without_worker', y.job_type, null, null, null, y.job_type, y.since, floor(extract(epoch from now() - y.since) / 60)::float8,
           thresholds.without_worker_minutes::float8,
           format('No worker has taken jobs of the type %s for %s; %s.', y.job_type, logic.duration_text(extract(epoch from now() - y.since)),
               case y.jobs when 1 then '1 job waits' else y.jobs || ' jobs wait' end),
           logic.finding_suggestion('start_worker', format('Start a worker that takes jobs of the type %s.', y.job_type))
      from types y
     order by y.since, y.job_type limit logic.max_findings();
end;
