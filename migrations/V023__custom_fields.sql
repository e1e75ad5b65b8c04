-- What a program of another system keeps about a ticket and Callboard has no field for: the model that works on it, the
-- branch, an id of its own. A constant null, so that no row is rewritten.
alter table tickets add column custom_fields jsonb;
-- The column is empty, so there is nothing to validate.
alter table tickets add constraint tickets_custom_fields_is_object check (jsonb_typeof(custom_fields) = 'object') not valid;

-- Tickets by the id that an agentic workflow gave itself. One ticket for an id, also for two requests at once. No ticket has such
-- a field yet, so the index is empty.
-- squawk-ignore require-concurrent-index-creation
create unique index tickets_by_adw_id on tickets (workflow_id, (custom_fields ->> 'adw_id'))
    where custom_fields ? 'adw_id';

-- How many messages and tool calls a job's transcript has in each stage, without command output; '' before the first stage.
-- Boards show them, and counting a long transcript for each message or board would be slow. Jobs without a ticket have none.
create table job_stage_counts (
    job_id text collate "C" not null references jobs (id) on delete cascade,
    stage text not null,
    messages bigint not null default 0,
    tool_calls bigint not null default 0,
    primary key (job_id, stage)
) with (fillfactor = 70);
insert into job_stage_counts (job_id, stage, messages, tool_calls)
select m.job_id, coalesce(m.stage, ''), count(*), count(*) filter (where m.metadata ->> 'type' in ('tool_use', 'tool_call'))
  from job_messages m
  join jobs j on j.id = m.job_id and j.ticket_id is not null
 where m.kind <> 'log'
 group by 1, 2;
