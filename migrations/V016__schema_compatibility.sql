-- The oldest binary that may run on this schema, by the newest migration it contains. A migration that breaks older
-- binaries (the contract step of expand and contract) raises it: update schema_compatibility set oldest = <version>.
create table schema_compatibility (
    singleton boolean primary key default true check (singleton),
    oldest bigint not null
);
insert into schema_compatibility (oldest) values (16);

-- The version of Callboard that built the schemas, so that an older one does not replace them.
alter table logic_fingerprint add column version text;
