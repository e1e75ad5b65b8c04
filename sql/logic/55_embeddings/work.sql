-- Claiming queued tickets and storing their vectors. Lock order: see queue.sql.

-- Leases queue rows, which are locked, and returns the texts to embed with the count of dropped rows: a ticket whose
-- text did not change since it was embedded, or that search must not find, leaves the queue.
create function logic.lease_queued_embeddings(model bigint, ids text[], lease timestamptz, out tickets jsonb, out dropped bigint)
language plpgsql as $$
begin
    with
    -- The current texts, in the order of the claim.
    texts as materialized (
        select u.id, u.place, p.parts, logic.embedding_hash(p.parts) as hash
          from unnest(ids) with ordinality u (id, place)
         cross join lateral (select logic.embedding_parts(u.id) as parts) p
    ),
    -- Rows whose text is embedded already, or whose ticket is gone.
    unchanged as (
        delete from embedding_queue q using texts x
         where q.model_id = lease_queued_embeddings.model and q.ticket_id = x.id
           and (x.parts is null
                or exists (select from ticket_embeddings e
                            where e.workflow_id = q.workflow_id and e.model_id = q.model_id and e.ticket_id = q.ticket_id
                              and e.content_hash = x.hash))
        returning q.ticket_id
    ),
    -- The other rows, leased.
    leased as (
        update embedding_queue q set not_before = lease, attempts = q.attempts + 1, last_error = null
          from texts x
         where q.model_id = lease_queued_embeddings.model and q.ticket_id = x.id
           and x.id not in (select n.ticket_id from unchanged n)
        returning q.ticket_id, q.revision, x.place, x.hash, x.parts
    )
    select (select jsonb_agg(jsonb_build_object('ticket_id', l.ticket_id, 'revision', l.revision,
                        'hash', encode(l.hash, 'hex'), 'texts', to_jsonb(l.parts)) order by l.place) from leased l),
           (select count(*) from unchanged)
      into lease_queued_embeddings.tickets, lease_queued_embeddings.dropped;
end
$$;

-- Claims up to `max_tickets` queued tickets, the longest waiting first, or the one given: returns their texts and the
-- end of the lease, which identifies the claim. Locked rows are skipped, rows with an expired lease are claimed again.
create function logic.claim_embeddings(model bigint, max_tickets bigint, lease_seconds double precision default 120, ticket text default null)
returns jsonb language plpgsql as $$
declare
    claimed_at constant timestamptz := clock_timestamp();
    lease constant timestamptz := claimed_at + make_interval(secs => lease_seconds);
    ids text[];
    taken record;
begin
    ids := array(
        select q.ticket_id from embedding_queue q
         where q.model_id = claim_embeddings.model and q.not_before <= claimed_at
           and (claim_embeddings.ticket is null or q.ticket_id = claim_embeddings.ticket)
         order by q.not_before, q.queued_at
         limit max_tickets
           for update skip locked);
    if ids = '{}' then
        return jsonb_build_object('claimed_at', claimed_at, 'lease', lease, 'tickets', '[]'::jsonb, 'dropped', 0);
    end if;
    -- A separate statement, so that it sees at least the versions of the locked rows.
    taken := logic.lease_queued_embeddings(model, ids, lease);
    return jsonb_build_object('claimed_at', claimed_at, 'lease', lease, 'tickets', coalesce(taken.tickets, '[]'), 'dropped', taken.dropped);
end
$$;

-- Stores the vectors of claimed tickets: `claimed` gives revision, hash and number of parts of each ticket, `vectors` are
-- those of all parts in that order. All parts of a ticket are replaced together. Stale claims are ignored; returns
-- how many tickets were stored.
create function logic.store_embeddings(model bigint, claimed_at timestamptz, lease timestamptz, claimed jsonb, vectors halfvec[])
returns bigint language plpgsql as $$
declare
    wanted bigint := (select m.dimensions from embedding_models m where m.id = store_embeddings.model and m.state <> 'retired');
    ours text[];
begin
    if wanted is null then
        return 0;
    end if;
    if cardinality(vectors) <> (select coalesce(sum((c.item ->> 'parts')::bigint), 0) from jsonb_array_elements(claimed) c (item))
       or exists (select from unnest(vectors) v where v is null or vector_dims(v) <> wanted) then
        perform logic.fail('conflict', format('The vectors do not fit the model: it has %s dimensions and one vector for each part.', wanted));
    end if;
    perform from tickets t where t.id in (select c.item ->> 'ticket_id' from jsonb_array_elements(claimed) c (item))
      order by t.id for key share;
    ours := array(
        select q.ticket_id from embedding_queue q
         where q.model_id = store_embeddings.model and q.not_before = store_embeddings.lease
           and q.ticket_id in (select c.item ->> 'ticket_id' from jsonb_array_elements(claimed) c (item))
         order by q.ticket_id for update);
    if ours = '{}' then
        return 0;
    end if;
    insert into ticket_embeddings as e (workflow_id, model_id, ticket_id, part, content_hash, embedding, embedded_at)
    select t.workflow_id, store_embeddings.model, d.ticket_id, p.part, d.hash, store_embeddings.vectors[d.before + p.part + 1],
           store_embeddings.claimed_at
      from (select c.item ->> 'ticket_id' as ticket_id, decode(c.item ->> 'hash', 'hex') as hash, (c.item ->> 'parts')::bigint as parts,
                   (sum((c.item ->> 'parts')::bigint) over (order by c.place) - (c.item ->> 'parts')::bigint)::bigint as before
              from jsonb_array_elements(claimed) with ordinality c (item, place)) d
      join tickets t on t.id = d.ticket_id
     cross join lateral generate_series(0, d.parts - 1) p (part)
     where d.ticket_id = any (ours)
     order by d.ticket_id, p.part
    on conflict (workflow_id, model_id, ticket_id, part) do update set
        content_hash = excluded.content_hash, embedding = excluded.embedding, embedded_at = excluded.embedded_at;
    delete from ticket_embeddings e using jsonb_array_elements(claimed) c (item) join tickets t on t.id = c.item ->> 'ticket_id'
     where e.workflow_id = t.workflow_id and e.model_id = store_embeddings.model and e.ticket_id = t.id and t.id = any (ours)
       and e.part >= (c.item ->> 'parts')::bigint;
    delete from embedding_queue q using jsonb_array_elements(claimed) c (item)
     where q.model_id = store_embeddings.model and q.ticket_id = any (ours)
       and q.ticket_id = c.item ->> 'ticket_id' and q.revision = (c.item ->> 'revision')::bigint;
    -- Rows that changed in the meantime are due at once.
    update embedding_queue q set not_before = '-infinity', attempts = 0
     where q.model_id = store_embeddings.model and q.ticket_id = any (ours);
    perform logic.queue_matching_of_embedded_tickets(ours);
    return cardinality(ours);
end
$$;

-- Returns tickets that failed to the queue, with an increasing backoff up to an hour.
create function logic.fail_embeddings(model bigint, lease timestamptz, tickets text[], why text) returns bigint language plpgsql as $$
declare
    failed bigint;
begin
    perform from embedding_queue q where q.model_id = fail_embeddings.model and q.ticket_id = any (fail_embeddings.tickets)
      order by q.ticket_id for update;
    update embedding_queue q set
        last_error = left(fail_embeddings.why, 500),
        not_before = clock_timestamp() + least(interval '1 hour',
            interval '5 seconds' * 2 ^ least(q.attempts, 12)) * (0.75 + random() / 2)
     where q.model_id = fail_embeddings.model and q.not_before = fail_embeddings.lease and q.ticket_id = any (fail_embeddings.tickets);
    get diagnostics failed = row_count;
    return failed;
end
$$;

-- Returns claimed tickets to the queue without counting the attempt, e.g. when a provider is down.
create function logic.release_embeddings(model bigint, lease timestamptz, tickets text[]) returns bigint language plpgsql as $$
declare
    released bigint;
begin
    perform from embedding_queue q where q.model_id = release_embeddings.model and q.ticket_id = any (release_embeddings.tickets)
      order by q.ticket_id for update;
    update embedding_queue q set not_before = '-infinity', attempts = greatest(q.attempts - 1, 0)
     where q.model_id = release_embeddings.model and q.not_before = release_embeddings.lease
       and q.ticket_id = any (release_embeddings.tickets);
    get diagnostics released = row_count;
    return released;
end
$$;

-- Whether a ticket has vectors of its current text.
create function logic.is_embedded(model bigint, ticket text) returns boolean language sql stable
begin atomic
    select exists (select from tickets t join ticket_embeddings e on e.workflow_id = t.workflow_id and e.ticket_id = t.id
                    where t.id = is_embedded.ticket and e.model_id = is_embedded.model)
       and not exists (select from embedding_queue q where q.model_id = is_embedded.model and q.ticket_id = is_embedded.ticket);
end;

-- After a provider recovers: failed rows are due at once, except those that keep failing. Returns how many tickets.
create function logic.resume_embeddings(model bigint) returns bigint language plpgsql as $$
declare
    resumed bigint;
begin
    perform from embedding_queue q
      where q.model_id = resume_embeddings.model and q.last_error is not null and q.attempts < 4 order by q.ticket_id for update;
    update embedding_queue q set not_before = '-infinity'
     where q.model_id = resume_embeddings.model and q.last_error is not null and q.attempts < 4;
    get diagnostics resumed = row_count;
    return resumed;
end
$$;

-- Makes all failed rows due at once; returns how many tickets.
create function logic.retry_embeddings() returns bigint language plpgsql as $$
declare
    retried bigint;
begin
    perform from embedding_queue q where q.last_error is not null order by q.ticket_id, q.model_id for update;
    update embedding_queue q set not_before = '-infinity', attempts = 0, last_error = null where q.last_error is not null;
    get diagnostics retried = row_count;
    return retried;
end
$$;
