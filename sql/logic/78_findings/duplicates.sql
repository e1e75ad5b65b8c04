-- Comparing changed tickets with the others, in the background, with the vectors that are stored.

-- How many pairs of a workflow are kept, so that a workflow in which everything is alike costs no more.
create function logic.max_duplicate_pairs() returns int language sql immutable parallel safe begin atomic select 1000; end;

-- Replaces the pairs of one ticket by those that are similar enough now.
create function logic.compare_ticket(ticket tickets, least_similarity double precision) returns void language plpgsql as $$
declare
    place record;
    found_ids text[];
    found_similarities double precision[];
begin
    select * into place from logic.ticket_vector(ticket);
    select array_agg(s.ticket_id), array_agg(s.similarity) into found_ids, found_similarities
      from logic.find_similar_tickets(ticket.workflow_id, ticket.title, place.model, place.vector, ticket.id, 5) s
      join tickets o on o.id = s.ticket_id
     where s.similarity >= least_similarity and logic.is_duplicate_candidate(ticket, o);
    delete from likely_duplicates d
     where (d.ticket_id = ticket.id and d.other_ticket_id <> all (coalesce(found_ids, '{}')))
        or (d.other_ticket_id = ticket.id and d.ticket_id <> all (coalesce(found_ids, '{}')));
    insert into likely_duplicates as d (ticket_id, other_ticket_id, workflow_id, similarity)
    select case when o.number < ticket.number then ticket.id else o.id end, case when o.number < ticket.number then o.id else ticket.id end,
           ticket.workflow_id, f.similarity
      from unnest(found_ids, found_similarities) f (id, similarity)
      join tickets o on o.id = f.id
     where (select count(*) from likely_duplicates k where k.workflow_id = ticket.workflow_id) < logic.max_duplicate_pairs()
    on conflict (ticket_id, other_ticket_id) do update set similarity = excluded.similarity where d.similarity <> excluded.similarity;
end
$$;

-- Compares open tickets that changed since the last call, for at most half a second. Tickets are left alone for `settled`
-- after a change, so that they have their vectors by then. Returns where it stopped, and whether more wait. The row of
-- finding_checks is locked.
create function logic.compare_changed_tickets(
    workflow text, least_similarity double precision, from_time timestamptz, from_ticket text, max_tickets int default 50,
    settled interval default '2 minutes', out until_time timestamptz, out until_ticket text, out more boolean
) language plpgsql as $$
declare
    began constant timestamptz := clock_timestamp();
    changed tickets;
    seen int := 0;
begin
    until_time := from_time;
    until_ticket := from_ticket;
    more := false;
    -- Pairs of which one is resolved, deleted, merged or linked.
    delete from likely_duplicates d using tickets t, tickets o
     where d.workflow_id = compare_changed_tickets.workflow and t.id = d.ticket_id and o.id = d.other_ticket_id
       and not logic.is_duplicate_candidate(t, o);
    for changed in
        select t.* from tickets t
         where t.workflow_id = compare_changed_tickets.workflow and logic.is_live(t)
           and t.updated_at >= from_time and (t.updated_at, t.id) > (from_time, from_ticket) and t.updated_at < clock_timestamp() - settled
         order by t.updated_at, t.id limit max_tickets
    loop
        if not changed.is_resolved then
            perform logic.compare_ticket(changed, least_similarity);
        end if;
        until_time := changed.updated_at;
        until_ticket := changed.id;
        seen := seen + 1;
        more := seen = max_tickets or clock_timestamp() > began + interval '500 milliseconds';
        exit when more;
    end loop;
end
$$;
