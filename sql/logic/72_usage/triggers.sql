-- Triggers of usage reports, and of claims, to which they belong.
-- Lock order: the row of the job or ticket, which every writer holds already, then the streams.

-- AFTER UPDATE, by row: a new lease token is a claim, also by a program that runs the job elsewhere.
create function logic.job_claimed() returns trigger language plpgsql as $$
begin
    insert into job_claims (job_id, attempt, workflow_id, agent_id, worker, lease_token)
    values (new.id, logic.next_attempt_number(old), new.workflow_id, new.claimed_by, new.worker, new.lease_token);
    return null;
end
$$;

-- AFTER INSERT, by row (reports come one at a time). A job's report is in the stream of the job and in that of its workflow,
-- with the totals after it. Lists of a ticket's history leave these events out.
create function logic.usage_reported() returns trigger language plpgsql as $$
declare
    report constant jsonb := jsonb_build_object('usage_id', new.id, 'job_id', new.job_id, 'attempt', new.attempt, 'agent_id', new.agent_id,
        'model', new.model, 'input_tokens', new.input_tokens, 'output_tokens', new.output_tokens, 'cache_read_tokens', new.cache_read_tokens,
        'cache_write_tokens', new.cache_write_tokens, 'cost', logic.amount_text(new.cost), 'currency', new.currency, 'source', new.source,
        'reported_at', new.reported_at);
    metadata constant jsonb := jsonb_build_object('report', report,
        'job_usage', case when new.job_id is not null then logic.job_usage_json(new.job_id) end,
        'ticket_usage', case when new.ticket_id is not null then logic.ticket_usage_json(new.ticket_id) end);
begin
    perform logic.record_changes(case
        when new.job_id is not null then logic.job_change(new.workflow_id, new.job_id, new.ticket_id, 'usage_reported', null, null, new.id,
            'Reported usage.', metadata)
        else array[(new.workflow_id, new.ticket_id, 'usage_reported', null, null, new.id, 'Reported usage.', metadata, null, null)::logic.change] end);
    return null;
end
$$;

create trigger job_claimed after update on jobs for each row
    when (new.lease_token is not null and new.lease_token is distinct from old.lease_token)
    execute function logic.job_claimed();
create trigger usage_reported after insert on usage_reports for each row
    when (coalesce(current_setting('callboard.archive', true), '') <> 'on')
    execute function logic.usage_reported();
