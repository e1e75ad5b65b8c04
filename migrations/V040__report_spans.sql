-- Stays in columns that ended in a range, which are four of five spans, are added up from an index alone: a fifth of the time.
-- One transaction per migration rules out concurrent builds; a million spans take three seconds.

-- squawk-ignore require-concurrent-index-creation
create index reporting_spans_stays on reporting_spans (workflow_id, ended_at) include (started_at, column_key, ticket_id, ended_by)
    where kind = 'column';
-- squawk-ignore require-concurrent-index-creation
create index reporting_spans_ends on reporting_spans (workflow_id, kind, ended_at) where kind <> 'column';
-- squawk-ignore require-concurrent-index-deletion
drop index reporting_spans_ended;
