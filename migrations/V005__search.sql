-- What search reads beside ticket_search: embeddings, the work of making them, and how common words are.
-- Embeddings stand apart from the ticket's row: an HNSW index on it would make every move of a ticket
-- an insert into the graph (measured: ten times slower).

-- The models whose vectors are kept. `building`: its vectors are being made while another serves;
-- `serving`: search uses it; `retired`: its vectors are being removed.
create table embedding_models (
    id bigint generated always as identity primary key,
    -- Provider, model and, where they can be chosen, dimensions: vectors of one name can be compared.
    name text not null constraint embedding_models_name unique,
    dimensions bigint not null constraint embedding_models_dimensions check (dimensions between 1 and 4000),
    state text not null default 'building'
        constraint embedding_models_state check (state in ('building', 'serving', 'retired')),
    created_at timestamptz not null default now(),
    serving_since timestamptz
);
-- Search asks one model.
create unique index embedding_models_serving on embedding_models (state) where state = 'serving';

-- A ticket's vectors. Each model has a partial HNSW index of its own, made when the model is registered.
-- Cut by workflow: a search reads one partition, where its workflow's rows lie closer together and are a
-- larger part of the graph (measured over 100,000 tickets: HNSW two to three times faster, exact 1.4).
create table ticket_embeddings (
    workflow_id text collate "C" not null,
    model_id bigint not null references embedding_models (id) on delete cascade,
    ticket_id text collate "C" not null references tickets (id) on delete cascade,
    -- 0 is the whole ticket; further parts are nearer looks at pieces of it.
    part bigint not null default 0,
    -- Of the text the vector was made from: what did not change is not embedded again.
    content_hash bytea not null,
    embedding halfvec not null,
    embedded_at timestamptz not null default clock_timestamp(),
    primary key (workflow_id, model_id, ticket_id, part)
) partition by hash (workflow_id);
create index ticket_embeddings_ticket on ticket_embeddings (ticket_id);
do $$
begin
    for remainder in 0..15 loop
        execute format('create table ticket_embeddings_%s partition of ticket_embeddings for values with (modulus 16, remainder %s)',
            remainder, remainder);
    end loop;
end
$$;

-- Tickets whose text changed since it was embedded, written by the transaction that changed it.
create table embedding_queue (
    model_id bigint not null references embedding_models (id) on delete cascade,
    ticket_id text collate "C" not null references tickets (id) on delete cascade,
    workflow_id text collate "C" not null,
    -- Counts changes: work that was begun before the last one leaves the row.
    revision bigint not null default 1,
    attempts bigint not null default 0,
    -- Later than now while somebody works on it, or while it waits to be tried again.
    not_before timestamptz not null default '-infinity',
    queued_at timestamptz not null default clock_timestamp(),
    last_error text,
    primary key (model_id, ticket_id)
);
create index embedding_queue_next on embedding_queue (model_id, not_before, queued_at);
create index embedding_queue_ticket on embedding_queue (ticket_id);

-- The share of tickets that hold a word, for the words that many do; refreshed from the statistics that
-- Postgres gathers about ticket_search.document. Rare words say more about what is meant.
create table search_words (
    word text collate "C" primary key,
    share real not null constraint search_words_share check (share between 0 and 1)
);

-- Ten times the usual number of common words, for search_words.
alter table ticket_search alter column document set statistics 1000;

-- The newest tickets that hold common words are found by walking from the newest on. Built at once: a
-- migration is one transaction, and 100,000 rows take a tenth of a second.
-- squawk-ignore require-concurrent-index-creation
create index ticket_search_newest on ticket_search (workflow_id, ticket_id desc);
-- squawk-ignore require-concurrent-index-deletion
drop index ticket_search_workflow;

-- Documents that were composed by older rules are found by their words meanwhile, and composed anew in the
-- background (logic.reindex_outdated). What search finds is now only what is there, and each document holds
-- its workflow as a word.
alter table ticket_search add column is_outdated boolean not null default false;
delete from ticket_search s using tickets t where t.id = s.ticket_id and t.deleted_at is not null;
update ticket_search s set is_outdated = true, document = s.document || quote_literal(s.workflow_id)::tsvector;
-- squawk-ignore require-concurrent-index-creation
create index ticket_search_outdated on ticket_search (ticket_id) where is_outdated;
