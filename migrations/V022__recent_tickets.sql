-- The tickets that changed last, for lists and for searches without words, without reading all tickets of the workflow.
-- One transaction per migration rules out a concurrent build; 100,000 tickets take a fifth of a second.
-- squawk-ignore require-concurrent-index-creation
create index tickets_by_update on tickets (workflow_id, updated_at)
    where deleted_at is null and merged_into_ticket_id is null;
