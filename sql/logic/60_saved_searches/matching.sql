-- Notifications: a saved search with `notify` publishes an event for each ticket that starts to match.
--
-- A change of a ticket in a workflow with such searches inserts a row into search_match_queue in the same
-- transaction (logic.queue_search_matching, called by the triggers once they hold the workflow's stream). A task of
-- every server processes the queue. search_matches records which tickets match now: a ticket that starts to match
-- gets an event, one that stops does not.
--
-- Lock order: the search row (where it changes), the workflow's stream (only when notifications start), the
-- matching lock of the workflow, then the streams of the searches. Processing the queue takes no lock on tickets
-- or on the stream of a workflow.

-- The maximum cosine distance between a ticket and the query.
create function logic.max_match_distance() returns double precision language sql immutable return 0.5;

-- Serializes matching in a workflow, so that the last result is about the last state.
create function logic.lock_search_matching(workflow text) returns void language sql
begin atomic
    select pg_advisory_xact_lock(logic.lock_key('matching ' || lock_search_matching.workflow));
end;

-- Queues changed tickets for matching if a search in their workflow notifies. Inserts only, so it never waits.
create function logic.queue_search_matching(tickets text[]) returns void language plpgsql as $$
begin
    if exists (select from saved_searches s where s.notify) then
        insert into search_match_queue (workflow_id, ticket_id, actor_id, on_behalf_of)
        select t.workflow_id, t.id, logic.current_actor(), logic.current_on_behalf_of()
          from unnest(queue_search_matching.tickets) u (id)
          join tickets t on t.id = u.id
         where exists (select from saved_searches s where s.workflow_id = t.workflow_id and s.notify);
    end if;
end
$$;

-- The same for tickets whose vectors are about to be stored. The shared lock orders it with
-- logic.set_search_vector: each sees what the other has committed.
create function logic.queue_matching_of_embedded_tickets(tickets text[]) returns void language plpgsql as $$
begin
    perform pg_advisory_xact_lock_shared(logic.lock_key('saved_search_changes'));
    perform logic.queue_search_matching(tickets);
end
$$;

-- The tickets that match a search now, all of them or only some: they pass the filters, and either contain every
-- word of the query (as keyword search reads it, with phrases and exclusions) or are near enough in meaning.
create function logic.matching_tickets(search saved_searches, only_these text[] default null) returns table (ticket_id text)
language plpgsql stable as $$
begin
    -- Dynamic, so that it is planned for this search and number of tickets.
    return query execute format($query$
        select t.id from tickets t
         where t.workflow_id = $1 and logic.is_live(t) and logic.matches_filters(t, $2) %1$s
           and ($3 = '' or t.id in (
                select t.ticket_id from ticket_search t
                 where t.workflow_id = $1 and t.document @@ $4 and ($5 or ts_filter(t.document, '{a,b,c}') @@ $4) %2$s
                union all
                select t.ticket_id from ticket_embeddings t
                 where t.workflow_id = $1 and t.model_id = $6 and t.embedding <=> $7 <= logic.max_match_distance() %2$s))
        $query$,
        case when only_these is not null then 'and t.id = any ($8)' end,
        case when only_these is not null then 'and t.ticket_id = any ($8)' end)
      using search.workflow_id, logic.localize_filters(search.workflow_id, search.filters), search.query, logic.required_words_query(search.query), search.include_comments,
            search.model_id, search.vector, only_these;
end
$$;

-- Updates search_matches for some tickets, or all, and publishes those that started to match: `who` maps ticket ids to
-- the actor of the event; tickets that are not in it are recorded without an event.
create function logic.update_search_matches(search saved_searches, only_these text[], who jsonb) returns bigint language plpgsql as $$
declare
    matching constant text[] := array(select m.ticket_id from logic.matching_tickets(search, only_these) m);
    fresh text[];
begin
    delete from search_matches m
     where m.search_id = search.id and (only_these is null or m.ticket_id = any (only_these))
       and not exists (select from unnest(matching) u (id) where u.id = m.ticket_id);
    with
    -- Tickets that started to match.
    made as (
        insert into search_matches (search_id, ticket_id, workflow_id)
        select search.id, m, search.workflow_id from unnest(matching) m
        on conflict do nothing returning ticket_id
    )
    select array_agg(t.id order by t.number) into fresh
      from made m join tickets t on t.id = m.ticket_id where who ? m.ticket_id;
    return logic.publish_search_matches(search, fresh, who);
end
$$;

-- Writes one event for each ticket into the search's stream, and notifies the relays.
create function logic.publish_search_matches(search saved_searches, tickets text[], who jsonb) returns bigint language plpgsql as $$
declare
    published bigint;
begin
    if tickets is null then
        return 0;
    end if;
    insert into history (stream_id, seq, workflow_id, change_type, new_value, change_description, metadata, actor_id, on_behalf_of)
    select n.stream_id, n.before_first + u.place, search.workflow_id, 'search_matched', u.id,
           format('%s matches %s.', c.key, search.name),
           jsonb_build_object('search_id', search.id, 'name', search.name, 'ticket', to_jsonb(c)),
           who #>> array[u.id, 'actor_id'], who #>> array[u.id, 'on_behalf_of']
      from logic.allocate_sequence_numbers(array(select 'search:' || search.id from unnest(publish_search_matches.tickets))) n
     cross join unnest(publish_search_matches.tickets) with ordinality u (id, place)
      join logic.cards c on c.ticket_id = u.id;
    get diagnostics published = row_count;
    perform logic.notify_relay();
    return published;
end
$$;

-- Starts notifications, or restarts them after the query changed; tickets that match already get no event. A writer
-- that held the workflow's stream before is visible here, a later one queues its ticket.
create function logic.start_search_notifications(search text) returns void language plpgsql as $$
declare
    watched saved_searches;
begin
    select * into watched from saved_searches s where s.id = search;
    perform logic.lock_workflow_stream(watched.workflow_id);
    perform logic.lock_search_matching(watched.workflow_id);
    insert into streams (stream_id, workflow_id) values ('search:' || search, watched.workflow_id) on conflict do nothing;
    update saved_searches s set notify = true, watched_at = clock_timestamp(), model_id = null, vector = null
     where s.id = search returning * into watched;
    perform logic.update_search_matches(watched, null, '{}');
end
$$;

-- Sets the query vector of a notifying search, if its query is unchanged. Tickets that are near already get no event,
-- except those created since notifications started, which had to wait for the vector.
create function logic.set_search_vector(search text, query text, model bigint, vector halfvec) returns bigint language plpgsql as $$
declare
    watched saved_searches;
    since timestamptz;
begin
    -- The search row before the matching lock, as in changes of a search.
    select * into watched from saved_searches s where s.id = search for no key update;
    perform pg_advisory_xact_lock(logic.lock_key('saved_search_changes'));
    perform logic.lock_search_matching(watched.workflow_id);
    select case when s.vector is null then s.watched_at end into since from saved_searches s where s.id = search;
    update saved_searches s set model_id = set_search_vector.model, vector = set_search_vector.vector
     where s.id = search and s.notify and s.query = set_search_vector.query
       and exists (select from embedding_models m where m.id = set_search_vector.model and m.state <> 'retired')
    returning * into watched;
    if not found then
        return 0;
    end if;
    return logic.update_search_matches(watched, null, coalesce((
        select jsonb_object_agg(t.id, jsonb_build_object('actor_id', coalesce(t.created_by_agent_id, logic.current_actor())))
          from tickets t where t.workflow_id = watched.workflow_id and t.created_at > since), '{}'));
end
$$;

-- Watched searches by meaning that have no vector of the serving model.
create view logic.searches_without_vector as
select s.id, s.query from embedding_models m
  join saved_searches s on s.notify and s.search_type <> 'keyword' and s.query <> '' and s.model_id is distinct from m.id
 where m.state = 'serving';

-- Processes up to `max_rows` queue rows of workflows that no other server works on. Returns how many rows were taken
-- and events published, and the searches that lack a vector of the serving model.
create function logic.process_search_match_queue(max_rows bigint default 500) returns jsonb language plpgsql as $$
declare
    workflow text;
    rows bigint[];
    tickets text[];
    who jsonb;
    search saved_searches;
    taken bigint := 0;
    published bigint := 0;
begin
    for workflow in
        select q.workflow_id from search_match_queue q group by q.workflow_id order by min(q.id) limit 50
    loop
        exit when taken >= max_rows;
        continue when not pg_try_advisory_xact_lock(logic.lock_key('matching ' || workflow));
        -- The actor of a ticket's newest change is the actor of the event.
        select array_agg(q.id), array_agg(distinct q.ticket_id),
               jsonb_object_agg(q.ticket_id, jsonb_build_object('actor_id', q.actor_id, 'on_behalf_of', q.on_behalf_of) order by q.id)
          into rows, tickets, who
          from (select * from search_match_queue o where o.workflow_id = workflow order by o.id limit max_rows - taken) q;
        continue when rows is null;
        for search in select s.* from saved_searches s where s.workflow_id = workflow and s.notify order by s.id loop
            published := published + logic.update_search_matches(search, tickets, who);
        end loop;
        delete from search_match_queue q where q.id = any (rows);
        taken := taken + cardinality(rows);
    end loop;
    return jsonb_build_object('taken', taken, 'published', published, 'wanting', (
        select coalesce(jsonb_agg(jsonb_build_object('search_id', s.id, 'query', s.query)), '[]')
          from (select * from logic.searches_without_vector order by id limit 20) s));
end
$$;
