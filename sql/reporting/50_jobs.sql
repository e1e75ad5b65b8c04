-- Jobs, their attempts, and questions to people; without prompts and transcripts.

-- The times of each job in each status, from its stream of history.
create view reporting.job_states as
select j.workflow_id, j.id as job_id, h.new_value as status, h.changed_at as entered_at,
       lead(h.changed_at) over job as left_at,
       coalesce(lead(h.changed_at) over job, case when h.new_value not in ('succeeded', 'failed', 'cancelled') then now() end) - h.changed_at as duration,
       (h.metadata #>> '{job,attempt}')::bigint as attempt, h.metadata #>> '{job,worker}' as worker, h.metadata #>> '{job,agent_id}' as agent_id,
       h.metadata #>> '{job,error}' as error
  from public.jobs j
  join public.history h on h.stream_id = 'job:' || j.id
 where h.change_type = 'job_status'
window job as (partition by j.workflow_id, j.id order by h.seq);

create view reporting.jobs as
select j.id as job_id, j.workflow_id, w.name as workflow, j.ticket_id, 'TKT-' || t.number as key, j.title, j.job_type, j.priority,
       j.status, j.stage, j.progress, j.attempt, j.max_attempts, j.worker, j.claimed_by, a.name as claimed_by_name, j.commit_sha, j.error,
       j.created_at, j.queued_at, j.started_at, j.finished_at,
       j.started_at - j.created_at as waited,
       -- Without pauses and without the waits between attempts.
       case when j.started_at is not null then (
            select sum(s.duration) from reporting.job_states s where s.workflow_id = j.workflow_id and s.job_id = j.id and s.status = 'running') end as ran,
       (select count(*) from public.job_messages m where m.job_id = j.id) as messages,
       case when j.started_at is not null then (
            select coalesce(sum(s.duration), '0') from reporting.job_states s
             where s.workflow_id = j.workflow_id and s.job_id = j.id and s.status in ('paused', 'waiting')) end as paused
  from public.jobs j
  join public.workflows w on w.id = j.workflow_id
  left join public.tickets t on t.id = j.ticket_id
  left join public.actors a on a.id = j.claimed_by
 where j.deleted_at is null;

create view reporting.job_attempts as
with
-- Each status with the number of the claim that it belongs to: a claim begins when a job runs that was queued before.
numbered as (
    select s.*, count(*) filter (where s.status = 'running' and s.status_before is distinct from 'paused' and s.status_before is distinct from 'waiting')
                over (partition by s.workflow_id, s.job_id order by s.entered_at) as claim
      from (select s.*, lag(s.status) over (partition by s.workflow_id, s.job_id order by s.entered_at) as status_before,
                   lead(s.status) over (partition by s.workflow_id, s.job_id order by s.entered_at) as status_after,
                   lead(s.error) over (partition by s.workflow_id, s.job_id order by s.entered_at) as error_after,
                   max(s.entered_at) filter (where s.status = 'queued') over (partition by s.workflow_id, s.job_id order by s.entered_at) as queued_at
              from reporting.job_states s) s
)
select n.workflow_id, n.job_id, j.ticket_id, n.claim as attempt, (array_agg(n.worker order by n.entered_at) filter (where n.status = 'running'))[1] as worker,
       (array_agg(n.agent_id order by n.entered_at) filter (where n.status = 'running'))[1] as agent_id,
       min(n.entered_at) filter (where n.status = 'running') as started_at,
       case when bool_and(n.left_at is not null) filter (where n.status in ('running', 'paused', 'waiting'))
            then max(n.left_at) filter (where n.status in ('running', 'paused', 'waiting')) end as ended_at,
       -- Since the job was queued last before it.
       min(n.entered_at) filter (where n.status = 'running') - min(n.queued_at) filter (where n.status = 'running') as waited,
       sum(n.duration) filter (where n.status = 'running') as ran,
       coalesce(sum(n.duration) filter (where n.status in ('paused', 'waiting')), '0') as paused,
       case (array_agg(coalesce(n.status_after, 'open') order by n.entered_at desc) filter (where n.status in ('running', 'paused', 'waiting')))[1]
            when 'open' then 'running' when 'queued' then 'requeued'
            else (array_agg(n.status_after order by n.entered_at desc) filter (where n.status in ('running', 'paused', 'waiting')))[1] end as outcome,
       (array_agg(n.error_after order by n.entered_at desc) filter (where n.status in ('running', 'paused', 'waiting')))[1] as error
  from numbered n
  left join public.jobs j on j.id = n.job_id
 where n.claim > 0
 group by n.workflow_id, n.job_id, j.ticket_id, n.claim;

create view reporting.approvals as
select p.workflow_id, p.id as approval_id, p.kind, p.status, p.ticket_id, p.job_id, p.question, p.answer, p.reason, p.blocks_job, p.required,
       p.asked_by, p.decided_by, d.name as decided_by_name, p.created_at as asked_at, p.decided_at, p.expires_at,
       -- Only people's decisions: not of what expired or was withdrawn.
       case when p.status in ('approved', 'rejected', 'answered') then p.decided_at - p.created_at end as time_to_answer,
       case when p.status = 'pending' then now() - p.created_at end as pending_for
  from public.approvals p
  left join public.actors d on d.id = p.decided_by;
