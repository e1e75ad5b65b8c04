-- What another tracker said about a milestone when it was last imported: {name, description, starts_on, due_on, is_closed}, so that a
-- later import sees what changed there and what changed here. Null for milestones that were made here, and for existing ones.
alter table milestones add column imported jsonb;
