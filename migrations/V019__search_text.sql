-- Search text is normalised by rules of Callboard's own, which have a version (logic.search_text_version).

-- The version of the rules that composed a document. Older documents are searched as they are until they are
-- rebuilt in the background (logic.reindex_outdated).
alter table ticket_search add column text_version bigint not null default 1;
-- Equal titles have an equal key (logic.title_key), so a duplicate is found without its vector.
alter table ticket_search add column title_key uuid;

-- One transaction per migration rules out concurrent builds. No document has a title key yet, so the second is empty;
-- the first takes a tenth of a second for 100,000 documents.
-- squawk-ignore require-concurrent-index-creation
create index ticket_search_text_version on ticket_search (text_version, ticket_id);
-- squawk-ignore require-concurrent-index-creation
create index ticket_search_title on ticket_search (workflow_id, title_key) where title_key is not null;
