-- The models whose vectors are kept. One serves search. A newly configured one is built beside it and takes over when
-- every ticket has its vector; then the old vectors are removed. Vectors of different models are never compared,
-- and each model has its own index.

-- The advisory lock for changes of models.
create function logic.lock_embedding_models() returns void language plpgsql as $$
begin
    perform pg_advisory_xact_lock(logic.lock_key('embedding_models'));
end
$$;

-- Registers a configured model and returns its id; every server calls it at start. The newest configured model wins:
-- others that are being built are retired.
create function logic.register_embedding_model(model_name text, model_dimensions bigint) returns bigint language plpgsql as $$
declare
    model embedding_models;
begin
    perform logic.lock_embedding_models();
    select * into model from embedding_models m where m.name = model_name;
    if model.dimensions <> model_dimensions then
        perform logic.fail('conflict', format('The embedding model %s made vectors of %s numbers so far and now makes %s: state '
            'CALLBOARD_EMBEDDING_DIMENSIONS, so that it counts as a model of its own.', model_name, model.dimensions, model_dimensions));
    end if;
    if model.id is null then
        insert into embedding_models (name, dimensions) values (model_name, model_dimensions) returning * into model;
    elsif model.state = 'retired' then
        update embedding_models m set state = 'building' where m.id = model.id;
    end if;
    update embedding_models m set state = 'retired' where m.state = 'building' and m.id <> model.id;
    update embedding_models m set state = 'serving', serving_since = clock_timestamp()
     where m.id = model.id and m.state <> 'serving' and not exists (select from embedding_models o where o.state = 'serving');
    perform logic.queue_missing_embeddings(model.id);
    -- Last, because it blocks storing vectors.
    execute format('create index if not exists %I on ticket_embeddings using hnsw ((embedding::halfvec(%s)) halfvec_cosine_ops) where model_id = %s',
        'ticket_embeddings_model_' || model.id, model.dimensions, model.id);
    return model.id;
end
$$;

-- The models that are not retired, the serving one first.
create function logic.embedding_models_in_use() returns jsonb language sql stable
begin atomic
    select coalesce(jsonb_agg(jsonb_build_object('id', m.id, 'name', m.name, 'dimensions', m.dimensions, 'state', m.state)
            order by m.state = 'serving' desc, m.id), '[]')
      from embedding_models m where m.state <> 'retired';
end;

-- Promotes a model that is complete, and removes vectors of retired ones in batches. Tickets that fail repeatedly do not
-- block the promotion. One server at a time does it.
create function logic.maintain_embedding_models(max_removed bigint default 2000) returns jsonb language plpgsql as $$
declare
    model embedding_models;
    promoted text;
    removed bigint := 0;
begin
    if not pg_try_advisory_xact_lock(logic.lock_key('embedding_models')) then
        return jsonb_build_object('promoted', null, 'removed', 0);
    end if;
    select * into model from embedding_models m where m.state = 'building';
    if model.id is not null
       and not exists (select from embedding_queue q where q.model_id = model.id and q.attempts < 4)
       and logic.queue_missing_embeddings(model.id) = 0 then
        update embedding_models m set state = 'retired' where m.state = 'serving';
        update embedding_models m set state = 'serving', serving_since = clock_timestamp() where m.id = model.id;
        promoted := model.name;
    end if;
    -- For some seconds after a promotion servers may still search with the old model.
    select * into model from embedding_models m
     where m.state = 'retired'
       and not exists (select from embedding_models o where o.serving_since > clock_timestamp() - interval '1 minute' and o.state = 'serving')
     order by m.id limit 1;
    if model.id is not null then
        delete from embedding_queue q
         where q.model_id = model.id
           and q.ticket_id in (select o.ticket_id from embedding_queue o where o.model_id = model.id limit max_removed for update skip locked);
        delete from ticket_embeddings e
         where e.model_id = model.id
           and (e.workflow_id, e.ticket_id) in (
               select o.workflow_id, o.ticket_id from ticket_embeddings o where o.model_id = model.id limit max_removed);
        get diagnostics removed = row_count;
        if removed = 0 and not exists (select from embedding_queue q where q.model_id = model.id) then
            -- Dropping the index locks the table; the short timeout keeps searches from waiting for it.
            perform set_config('lock_timeout', '200ms', true);
            begin
                execute format('drop index if exists %I', 'ticket_embeddings_model_' || model.id);
                delete from embedding_models m where m.id = model.id;
            exception when lock_not_available then
                null;
            end;
        end if;
    end if;
    return jsonb_build_object('promoted', promoted, 'removed', removed);
end
$$;

-- The progress of each model.
create function logic.embedding_progress() returns jsonb language sql stable
begin atomic
    select coalesce(jsonb_agg(jsonb_build_object(
            'model_id', m.id, 'model', m.name, 'dimensions', m.dimensions, 'state', m.state, 'serving', m.state = 'serving',
            'embedded', (select count(*) from ticket_embeddings e where e.model_id = m.id and e.part = 0),
            'total', t.total, 'queued', q.queued, 'failed', q.failed, 'oldest', q.oldest) order by m.id), '[]')
      from embedding_models m
     cross join lateral (select count(*) as queued, count(*) filter (where q.last_error is not null) as failed,
                                min(q.queued_at) as oldest
                           from embedding_queue q where q.model_id = m.id) q
     cross join (select count(*) as total from tickets t where logic.is_live(t)) t;
end;
