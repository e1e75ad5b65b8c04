-- Counts of messages and tool calls by stage (job_stage_counts), kept by the triggers of job_messages.

-- Whether a message tells of a call of a tool, by the type that its worker gave it.
create function logic.is_tool_call(metadata jsonb) returns boolean language sql immutable
begin atomic
    select coalesce(metadata ->> 'type' in ('tool_use', 'tool_call'), false);
end;

-- Adds messages, or removes them with `sign` -1, for jobs that have a ticket. Jobs' rows are locked by the writers of
-- messages already, so the rows of one job are never waited for.
create function logic.count_in_stages(messages job_messages[], sign int default 1) returns void language plpgsql as $$
begin
    insert into job_stage_counts as c (job_id, stage, messages, tool_calls)
    select m.job_id, coalesce(m.stage, ''), sign * count(*), sign * count(*) filter (where logic.is_tool_call(m.metadata))
      from unnest(count_in_stages.messages) m
      join jobs j on j.id = m.job_id and j.ticket_id is not null
     where m.kind <> 'log'
     group by m.job_id, coalesce(m.stage, '')
     order by m.job_id, coalesce(m.stage, '')
    on conflict (job_id, stage) do update
       set messages = greatest(c.messages + excluded.messages, 0), tool_calls = greatest(c.tool_calls + excluded.tool_calls, 0);
end
$$;

-- The counts of a ticket's jobs by stage, or in one stage: `{build: {messages, tool_calls}}`.
create function logic.stage_counts_json(ticket text, only_stage text default null) returns jsonb language sql stable
begin atomic
    select coalesce(jsonb_object_agg(s.stage, jsonb_build_object('messages', s.messages, 'tool_calls', s.tool_calls)), '{}')
      from (select c.stage, sum(c.messages) as messages, sum(c.tool_calls) as tool_calls
              from jobs j
              join job_stage_counts c on c.job_id = j.id
             where j.ticket_id = ticket and j.deleted_at is null and (only_stage is null or c.stage = only_stage)
             group by c.stage) s;
end;
