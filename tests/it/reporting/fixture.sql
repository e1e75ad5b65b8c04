-- Eight tickets of March 2025 in the workflow `Work`, whose days begin in UTC. The 3rd is a Monday. Columns: backlog, todo,
-- in_progress, review, testing, done.
--
--   A  created 3rd 09:00, begun 4th 09:00, done 6th 09:00; ann, 3 points, a commit
--   B  created 3rd 10:00, begun 5th 10:00, review 6th 10:00, done 7th 10:00; ann, 5 points; blocked on the 5th from 16:00 to 22:00
--   C  created 4th 12:00, begun 10th 12:00, done 11th 12:00; ann, from 18:00 on the 10th bob
--   D  created 4th 08:00, begun 4th 14:00, done 5th 08:00, reopened 6th 08:00, done 10th 08:00; nobody, 2 points
--   E  created 5th 09:00, begun 7th 09:00; bob
--   F  created 6th 09:00, deleted 12th 09:00
--   G  created 7th 09:00, merged into A on the 11th at 09:00
--   H  inserted on the 9th at 12:00 as completed on the 8th at 12:00: before it was created

insert into actors (id, kind, name) values ('ann', 'agent', 'Ann'), ('bob', 'agent', 'Bob');

-- Runs a statement, and says that what it changed happened at that time.
create function pg_temp.at(happened text, statement text) returns void language plpgsql as $$
declare
    stream constant text := 'workflow:' || (select id from workflows where name = 'Work');
    before constant bigint := (select last_seq from streams where stream_id = stream);
begin
    execute statement;
    update history set changed_at = ('2025-03-' || happened || '+00')::timestamptz where stream_id = stream and seq > before;
end
$$;

create function pg_temp.create_ticket(happened text, id text, points double precision default null) returns void language plpgsql as $$
begin
    perform pg_temp.at(happened, format('insert into tickets (id, workflow_id, title, description, story_points, created_at)
        select %L, id, ''Ticket '' || %L, ''A description'', %L, %L from workflows where name = ''Work''',
        id, id, points, '2025-03-' || happened || '+00'));
end
$$;

create function pg_temp.move(happened text, ticket text, to_column text) returns void language plpgsql as $$
declare
    moved_at constant timestamptz := '2025-03-' || happened || '+00';
    category constant text := (select c.category from board_columns c join workflows w on w.id = c.workflow_id and w.name = 'Work' where c.id = to_column);
begin
    perform pg_temp.at(happened, format('update tickets set status = %L, started_at = coalesce(started_at, case when %L in (''active'', ''done'') then %L::timestamptz end),
        completed_at = case %2$L when ''done'' then %3$L::timestamptz end where id = %4$L', to_column, category, moved_at, ticket));
end
$$;

select pg_temp.create_ticket('03 09:00', 'A', 3);
select pg_temp.create_ticket('03 10:00', 'B', 5);
select pg_temp.create_ticket('04 08:00', 'D', 2);
select pg_temp.at('04 09:00', $$update tickets set assigned_agent_id = 'ann' where id = 'A'$$);
select pg_temp.move('04 09:00', 'A', 'in_progress');
select pg_temp.create_ticket('04 12:00', 'C');
select pg_temp.move('04 14:00', 'D', 'in_progress');
select pg_temp.move('05 08:00', 'D', 'done');
select pg_temp.create_ticket('05 09:00', 'E');
select pg_temp.at('05 10:00', $$update tickets set assigned_agent_id = 'ann' where id = 'B'$$);
select pg_temp.move('05 10:00', 'B', 'in_progress');
select pg_temp.at('05 16:00', $$insert into ticket_blockers (ticket_id, blocked_by_ticket_id, workflow_id) select 'B', 'E', id from workflows where name = 'Work'$$);
select pg_temp.at('05 22:00', $$delete from ticket_blockers where ticket_id = 'B'$$);
select pg_temp.move('06 08:00', 'D', 'in_progress');
select pg_temp.move('06 09:00', 'A', 'done');
select pg_temp.create_ticket('06 09:00', 'F');
select pg_temp.move('06 10:00', 'B', 'review');
select pg_temp.create_ticket('07 09:00', 'G');
select pg_temp.at('07 09:00', $$update tickets set assigned_agent_id = 'bob' where id = 'E'$$);
select pg_temp.move('07 09:00', 'E', 'in_progress');
select pg_temp.move('07 10:00', 'B', 'done');
select pg_temp.at('09 12:00', $$insert into tickets (id, workflow_id, title, description, status, created_at, is_resolved, resolved_at, completed_at)
    select 'H', id, 'Ticket H', 'A description', 'done', '2025-03-09 12:00+00', true, '2025-03-08 12:00+00', '2025-03-08 12:00+00' from workflows where name = 'Work'$$);
select pg_temp.move('10 08:00', 'D', 'done');
select pg_temp.at('10 12:00', $$update tickets set assigned_agent_id = 'ann' where id = 'C'$$);
select pg_temp.move('10 12:00', 'C', 'in_progress');
select pg_temp.at('10 18:00', $$update tickets set assigned_agent_id = 'bob' where id = 'C'$$);
select pg_temp.at('11 09:00', $$select logic.merge_tickets('owner', 'G', 'A')$$);
select pg_temp.move('11 12:00', 'C', 'done');
select pg_temp.at('12 09:00', $$select logic.delete_ticket('owner', 'F')$$);
insert into ticket_commits (id, ticket_id, workflow_id, commit_sha) select 'commit', 'A', id, 'abcdef1' from workflows where name = 'Work';
