-- A year of work in a workflow: tickets with ten events each. Rows are inserted without triggers, which would take an hour.
-- $workflow and $tickets are replaced.
set session_replication_role = replica;

create temporary table bench_board on commit drop as
select (array_agg(c.id order by c.position))[1] as first, (array_agg(c.id order by c.position))[2] as second,
       (array_agg(c.id order by c.position) filter (where c.category = 'active'))[1] as active,
       (array_agg(c.id order by c.position desc) filter (where c.category = 'active'))[1] as last_active,
       (array_agg(c.id order by c.position) filter (where c.category = 'done'))[1] as done
  from board_columns c where c.workflow_id = '$workflow';

-- The workflow is as old as its tickets.
update workflows set created_at = now() - interval '366 days' where id = '$workflow';
update history set changed_at = now() - interval '366 days' where workflow_id = '$workflow';
insert into actors (id, kind, name) select 'bench-agent-' || n, 'agent', 'Agent ' || n from generate_series(0, 19) n on conflict do nothing;
insert into milestones (id, workflow_id, name, starts_on, due_on)
select 'bench-milestone-' || n || '-$workflow', '$workflow', 'Week ' || n, current_date - 365 + 7 * n, current_date - 359 + 7 * n
  from generate_series(0, 52) n;

-- A ticket takes 10 to 400 hours, so the newest are not done yet.
create temporary table bench_work on commit drop as
select n, 'bench-' || n || '-$workflow' as ticket_id, now() - interval '1 year' + n * (interval '1 year' / $tickets) as began,
       make_interval(hours => 1 + n % 40) as step, (array['task', 'bug', 'feature'])[1 + n % 3] as ticket_type,
       (array['low', 'medium', 'high', 'critical'])[1 + n % 4] as priority, 'bench-agent-' || n % 20 as agent,
       'bench-agent-' || (n + 7) % 20 as second_agent, 'bench-milestone-' || n * 52 / $tickets || '-$workflow' as milestone
  from generate_series(0, $tickets - 1) n;

create temporary table bench_events on commit drop as
select s.last_seq + row_number() over (order by w.began + e.place * w.step, w.n) as seq, w.n, w.ticket_id, e.place, w.began + e.place * w.step as at, e.change_type,
       e.field_name, e.value, case e.change_type
           when 'created' then jsonb_build_object('ticket', jsonb_build_object('status', b.first, 'ticket_type', w.ticket_type, 'priority', w.priority,
                'story_points', null, 'assigned_agent_id', null, 'is_blocked', false, 'milestone_id', w.milestone, 'created_at', w.began, 'started_at', null,
                'completed_at', null))
           else jsonb_build_object('changes', jsonb_build_object(e.field_name, e.value) || case when e.change_type = 'status_changed' then
                jsonb_build_object('started_at', case when e.place > 3 then w.began + 3 * w.step end,
                    'completed_at', case when e.category = 'done' then w.began + e.place * w.step end) else '{}' end) end as metadata
  from bench_work w cross join bench_board b join streams s on s.stream_id = 'workflow:$workflow'
 cross join lateral (values
    (0, 'created', null, null::jsonb, null),
    (1, 'assigned', 'assigned_agent_id', to_jsonb(w.agent), null),
    (2, 'status_changed', 'status', to_jsonb(b.second), 'todo'),
    (3, 'status_changed', 'status', to_jsonb(b.active), 'active'),
    (4, 'field_updated', 'story_points', to_jsonb(1 + w.n % 8), null),
    (5, 'assigned', 'assigned_agent_id', to_jsonb(w.second_agent), null),
    -- Each tenth was done too early.
    (6, 'status_changed', 'status', to_jsonb(case w.n % 10 when 0 then b.done else b.last_active end), case w.n % 10 when 0 then 'done' else 'active' end),
    (7, 'blocked', 'is_blocked', 'true', null),
    (8, 'unblocked', 'is_blocked', 'false', null),
    (9, 'status_changed', 'status', to_jsonb(case w.n % 10 when 0 then b.active else b.done end), case w.n % 10 when 0 then 'active' else 'done' end)
 ) e (place, change_type, field_name, value, category)
 where w.began + e.place * w.step < now();

-- In 500 transactions that ended before the oldest one that a relay waits for, so nothing is sent to sockets.
insert into history (stream_id, seq, workflow_id, ticket_id, change_type, field_name, new_value, metadata, actor_id, xid, changed_at)
select 'workflow:$workflow', e.seq, '$workflow', e.ticket_id, e.change_type, e.field_name, e.value #>> '{}', e.metadata, 'bench-agent-0', (3 + e.seq / ($tickets / 50))::text::xid8, e.at
  from bench_events e order by e.seq;
update streams s set last_seq = (select max(e.seq) from bench_events e) where s.stream_id = 'workflow:$workflow';

with
-- The column that each ticket is in, and since when.
last_moves as (
    select distinct on (e.n) e.n, coalesce(e.value #>> '{}', (select b.first from bench_board b)) as status, e.at
      from bench_events e where e.field_name = 'status' or e.change_type = 'created' order by e.n, e.seq desc
)
insert into tickets (id, workflow_id, number, title, description, ticket_type, priority, status, rank, is_resolved, assigned_agent_id, story_points,
                     milestone_id, created_at, updated_at, started_at, completed_at)
select w.ticket_id, '$workflow', w.n + 1, 'Work number ' || w.n, 'What has to be done.', w.ticket_type, w.priority, m.status, lpad(w.n::text, 9, '0'), m.status = (select b.done from bench_board b),
       w.second_agent, 1 + w.n % 8, w.milestone, w.began, m.at, case when w.began + 3 * w.step < now() then w.began + 3 * w.step end,
       case when m.status = (select b.done from bench_board b) then m.at end
  from bench_work w join last_moves m using (n);

-- A job for each fifth ticket, with two attempts and what they cost.
insert into jobs (id, workflow_id, ticket_id, title, status, attempt, created_at, queued_at, started_at, finished_at, claimed_by, created_by)
select 'job-' || w.ticket_id, '$workflow', w.ticket_id, 'Job ' || w.n, 'succeeded', 2, w.began, w.began, w.began + w.step, w.began + 3 * w.step, w.agent, w.agent
  from bench_work w where w.n % 5 = 0;
insert into job_claims (job_id, attempt, workflow_id, agent_id, worker, lease_token, claimed_at)
select 'job-' || w.ticket_id, a, '$workflow', w.agent, w.agent, w.n || '-' || a, w.began + a * w.step
  from bench_work w cross join generate_series(1, 2) a where w.n % 5 = 0;
insert into usage_reports (id, workflow_id, ticket_id, job_id, attempt, agent_id, reported_by, model, input_tokens, output_tokens, cost, currency, source, reported_at)
select 'usage-' || w.ticket_id || a, '$workflow', w.ticket_id, 'job-' || w.ticket_id, a, w.agent, w.agent, 'model-' || w.n % 3, 1000 + w.n, 100 + w.n % 900,
       round((w.n % 1000) / 1000.0, 3), 'USD', 'worker', w.began + (a + 1) * w.step
  from bench_work w cross join generate_series(1, 2) a where w.n % 5 = 0 and w.began + (a + 1) * w.step < now();
set session_replication_role = origin;
