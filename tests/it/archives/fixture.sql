-- A workflow `Work` of Ann's with at least one row in every section of an archive. Each statement is a transaction of its own.
insert into actors (id, kind, name) values ('user-0199f000-0000-7000-8000-000000000001', 'user', 'Ann'), ('user-0199f000-0000-7000-8000-000000000002', 'user', 'Bob');
insert into users (actor_id, email, password_hash) values
    ('user-0199f000-0000-7000-8000-000000000001', 'ann@example.org', 'password-hash-of-ann'), ('user-0199f000-0000-7000-8000-000000000002', 'bob@example.org', 'password-hash-of-bob');
insert into actors (id, kind, name, owner_id) values ('agent-x', 'agent', 'Agent X', 'user-0199f000-0000-7000-8000-000000000001');
create function pg_temp.ann() returns text language sql as $$ select 'user-0199f000-0000-7000-8000-000000000001' $$;
create function pg_temp.work() returns text language sql as $$ select w.id from workflows w where w.name = 'Work' order by w.created_at, w.id limit 1 $$;
create function pg_temp.ticket(key bigint) returns text language sql as $$ select t.id from tickets t where t.workflow_id = pg_temp.work() and t.number = key $$;
select logic.create_workflow(pg_temp.ann(), 'Work');
select logic.set_member(pg_temp.ann(), pg_temp.work(), 'agent-x', 'member');
insert into workflow_members (workflow_id, actor_id, role) values (pg_temp.work(), 'user-0199f000-0000-7000-8000-000000000002', 'viewer');
select logic.create_ticket(pg_temp.ann(), pg_temp.work(), format('Ticket number %s', g), format('Description of “%s” with a line' || E'\n' || 'break, a \ and a " in it', g), tags => '{one,two}',
    story_points => 0.1 + g, custom_fields => '{"color": "blue"}') from generate_series(1, 6) g;
insert into board_transitions (workflow_id, from_status, to_status)
    select c.workflow_id, c.id, d.id from board_columns c join board_columns d on d.workflow_id = c.workflow_id and d.id <> c.id where c.workflow_id = pg_temp.work();
insert into milestones (workflow_id, name, starts_on, due_on) values (pg_temp.work(), 'Beta', current_date - 1, current_date + 9);
update tickets t set milestone_id = m.id, due_on = m.due_on from milestones m where t.id in (pg_temp.ticket(1), pg_temp.ticket(2));
select logic.change_status(pg_temp.ann(), pg_temp.ticket(1), 'in_progress');
select logic.add_comment(pg_temp.ann(), pg_temp.ticket(1), 'See #TKT-2, @agent-x, and ' || pg_temp.ticket(2), mentions => '{agent-x}', attachments => '{https://example.org/a.png}');
insert into comment_reactions (comment_id, actor_id, emoji, workflow_id) select c.id, 'agent-x', '👍', c.workflow_id from ticket_comments c limit 1;
select logic.set_blockers(pg_temp.ann(), pg_temp.ticket(3), array[pg_temp.ticket(4)]);
update tickets set related_ticket_ids = array[pg_temp.ticket(1)], parent_ticket_id = pg_temp.ticket(6) where id = pg_temp.ticket(2);
select logic.link_commit(pg_temp.ann(), pg_temp.ticket(1), 'abcdef1234', 'Fix it');
select logic.merge_tickets(pg_temp.ann(), pg_temp.ticket(5), pg_temp.ticket(1));
insert into ticket_activities (ticket_id, workflow_id, event, message, agent_id) values (pg_temp.ticket(1), pg_temp.work(), 'activity', 'Reading.', 'agent-x');
select logic.claim_ticket('agent-x', pg_temp.work());
select logic.create_job(pg_temp.ann(), pg_temp.work(), pg_temp.ticket(2), 'Build', 'Do it.', stages => '{plan,build}', queue => true);
select logic.claim_job('agent-x', pg_temp.work(), worker => 'w1', lease_seconds => 3600);
select logic.report_usage('agent-x', '{"model": "m-1", "input_tokens": 1200, "output_tokens": 30, "cost": "0.0125", "currency": "EUR", "session": "s-1", "cumulative": "all"}', j.id) from jobs j;
insert into job_messages (id, job_id, workflow_id, position, kind, role, content, stage, attempt, agent_id)
    select logic.new_id('message'), j.id, j.workflow_id, 1000 + g, case g % 2 when 0 then 'log' else 'chat' end, 'agent', format('Line %s', g), 'plan', 1, 'agent-x' from jobs j, generate_series(1, 5) g;
insert into apps (id, job_id, workflow_id, ticket_id, title, spec, prd_markdown, created_by) select logic.new_id('app'), j.id, j.workflow_id, j.ticket_id, 'An app', '{"pages": [1, 2.50]}', '# PRD', 'agent-x' from jobs j;
select logic.request_approval(pg_temp.ann(), pg_temp.work(), pg_temp.ticket(1), kind => 'question', question => 'Which way?', options => '{left,right}');
select logic.save_search(pg_temp.ann(), pg_temp.work(), 'Mine', 'ticket', 'keyword', notify => true);
insert into search_matches (search_id, ticket_id, workflow_id) select s.id, pg_temp.ticket(1), s.workflow_id from saved_searches s on conflict do nothing;
insert into recent_searches (workflow_id, actor_id, fingerprint, query, search_type, filters) values (pg_temp.work(), pg_temp.ann(), '\x00ff', 'login', 'hybrid', '{}');
select logic.create_webhook(pg_temp.ann(), pg_temp.work(), 'https://user:url-password@example.org/hook?token=url-token', 'webhook-secret-1');
insert into finding_thresholds (workflow_id, stuck_minutes) values (pg_temp.work(), 5);
insert into findings (id, workflow_id, kind, subject, ticket_id, since, message) values (logic.new_id('finding'), pg_temp.work(), 'stuck', pg_temp.ticket(1), pg_temp.ticket(1), now(), 'Stuck.');
insert into likely_duplicates (ticket_id, other_ticket_id, workflow_id, similarity, found_at) values (least(pg_temp.ticket(1), pg_temp.ticket(2)), greatest(pg_temp.ticket(1), pg_temp.ticket(2)), pg_temp.work(), 0.93, now());
insert into workflow_definitions (id, name, description, board_config, created_by) values (logic.new_id('definition'), 'Mine', '', '{}', pg_temp.ann());
insert into workflow_launches (workflow_id, definition_id, launch_params) select pg_temp.work(), d.id, '{"a": 1}' from workflow_definitions d;
insert into default_workflows (actor_id, workflow_id) values ('agent-x', pg_temp.work());
insert into history_bases (stream_id, subject, state) values ('workflow:' || pg_temp.work(), 'unused', '{}');
select logic.delete_ticket(pg_temp.ann(), pg_temp.ticket(6));
update board_columns set name = 'Doing' where workflow_id = pg_temp.work() and id = 'in_progress';
