-- The list of deleted and archived tickets of a workflow, those deleted last first.

-- One transaction per migration rules out concurrent builds; only deleted tickets are in it.
-- squawk-ignore require-concurrent-index-creation
create index tickets_deleted on tickets (workflow_id, deleted_at desc, id) where deleted_at is not null;
