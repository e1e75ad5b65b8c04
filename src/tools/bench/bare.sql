-- The limit that the rules are compared with: the same tickets in tables without rules, triggers, foreign keys or further
-- indexes. The statements over them are in scripts.rs.
create schema bench_bare;

-- The numbers given out in each workflow: of events and of tickets.
create table bench_bare.counters with (fillfactor = 50) as
select s.workflow_id, s.last_seq, c.last_number
  from streams s
  join ticket_counters c using (workflow_id)
 where s.stream_id = 'workflow:' || s.workflow_id;
alter table bench_bare.counters add primary key (workflow_id);

create table bench_bare.tickets with (fillfactor = 50) as
select t.id, t.workflow_id, t.number, t.title, t.description, t.status, t.version, t.updated_at from tickets t;
alter table bench_bare.tickets add primary key (id);

create table bench_bare.history (
    workflow_id text collate "C" not null,
    seq bigint not null,
    ticket_id text collate "C" not null,
    change_type text not null,
    old_value text,
    new_value text,
    metadata jsonb not null,
    actor_id text collate "C" not null,
    changed_at timestamptz not null default clock_timestamp(),
    primary key (workflow_id, seq)
);
