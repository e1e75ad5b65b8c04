-- The queue of tickets to embed.
--
-- Lock order: ticket rows by id and the stream's row (triggers hold them already; storing takes key-share locks of
-- the tickets first), then queue rows by ticket and model, then vectors. A transaction that holds a queue row locks
-- no ticket and no stream afterwards. The advisory lock of the models comes before all of them.
--
-- No transaction is open while vectors are computed. not_before of a claimed row is the end of its lease and
-- identifies the claim: a claim that is stale, because the lease expired and another one took the row or because
-- the ticket was deleted and restored, does not find its row any more. `revision` counts changes: a row that
-- changed while it was claimed stays queued.

-- Queues changed tickets for each model in use. Triggers call it after the ticket rows are locked; it is sorted, so that
-- two statements over the same tickets do not deadlock. A claimed row stays claimed; a failed one is due at once,
-- because its text changed.
create function logic.queue_embeddings(tickets text[]) returns void language plpgsql as $$
begin
    insert into embedding_queue as q (model_id, ticket_id, workflow_id)
    select m.id, t.id, t.workflow_id
      from unnest(queue_embeddings.tickets) u (id)
      join tickets t on t.id = u.id
     cross join embedding_models m
     where m.state in ('building', 'serving') and logic.is_live(t)
     order by t.id, m.id
    on conflict (model_id, ticket_id) do update set
        revision = q.revision + 1,
        attempts = case when q.last_error is null then q.attempts else 0 end,
        not_before = case when q.last_error is null then q.not_before else '-infinity' end,
        last_error = null;
end
$$;

-- A move to another column re-embeds a ticket if it got comments since; otherwise its text is the same. One by one: with
-- the workflow known, each query reads one partition of vectors.
create function logic.queue_embeddings_of_moved_tickets(tickets text[]) returns void language plpgsql as $$
declare
    moved text;
    workflow text;
    newest timestamptz;
begin
    foreach moved in array queue_embeddings_of_moved_tickets.tickets loop
        newest := (select max(c.created_at) from ticket_comments c where c.ticket_id = moved);
        continue when newest is null;
        workflow := (select t.workflow_id from tickets t where t.id = moved);
        if exists (select from ticket_embeddings e
                    where e.workflow_id = workflow and e.ticket_id = moved and e.part = 0 and e.embedded_at < newest) then
            perform logic.queue_embeddings(array[moved]);
        end if;
    end loop;
end
$$;

-- Removes everything that search reads of tickets that must not be found any more. The queue rows go first: a worker about
-- to store a vector holds its queue row, and its vector is removed after it.
create function logic.remove_from_search_index(tickets text[]) returns void language plpgsql as $$
begin
    perform from embedding_queue q where q.ticket_id = any (remove_from_search_index.tickets)
      order by q.ticket_id, q.model_id for update;
    delete from embedding_queue q where q.ticket_id = any (remove_from_search_index.tickets);
    delete from ticket_embeddings e where e.ticket_id = any (remove_from_search_index.tickets);
    delete from ticket_search s where s.ticket_id = any (remove_from_search_index.tickets);
end
$$;

-- Queues tickets that have no vector and are not queued; returns how many. Triggers queue every change, so this finds
-- only tickets of a new model or of a writer that was active when the model was registered.
create function logic.queue_missing_embeddings(model bigint) returns bigint language plpgsql as $$
declare
    queued bigint;
begin
    insert into embedding_queue (model_id, ticket_id, workflow_id)
    select queue_missing_embeddings.model, t.id, t.workflow_id
      from tickets t
     where logic.is_live(t)
       and not exists (select from ticket_embeddings e
                        where e.workflow_id = t.workflow_id and e.model_id = queue_missing_embeddings.model and e.ticket_id = t.id)
       and not exists (select from embedding_queue q
                        where q.model_id = queue_missing_embeddings.model and q.ticket_id = t.id)
     order by t.id
    on conflict do nothing;
    get diagnostics queued = row_count;
    return queued;
end
$$;
