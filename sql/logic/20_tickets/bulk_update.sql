-- The same change for many tickets.

-- POST /api/tickets/bulk-update: the same change for up to 500 tickets of a workflow, in one transaction. A
-- blocked ticket is reported and the others continue; any other error rolls back the whole request.
create function logic.bulk_update_tickets(
    caller text, workflow text, ticket_ids text[], updates jsonb default null, new_status text default null, comment text default null
) returns jsonb language plpgsql as $$
declare
    ids text[];
    one text;
    step jsonb;
    results jsonb := '[]';
begin
    perform logic.authorize(caller, workflow, 'member');
    if coalesce(cardinality(ticket_ids), 0) not between 1 and 500 then
        perform logic.fail_invalid('ticket_ids', 'must list 1 to 500 tickets');
    end if;
    if coalesce(updates, '{}') = '{}' and new_status is null then
        perform logic.fail_invalid('updates', 'or new_status must be given');
    end if;
    ids := logic.resolve_ticket_ids(workflow, 'ticket_ids', ticket_ids);
    perform logic.lock_workflow_stream(workflow);
    perform 1 from tickets t where t.id = any (ids) order by t.id for no key update;
    foreach one in array ids loop
        step := jsonb_build_object('ticket_id', one, 'success', true);
        if coalesce(updates, '{}') <> '{}' then
            step := step || (logic.update_ticket(caller, one, updates) - 'message' - 'embedding_updated');
        end if;
        if new_status is not null then
            step := step || logic.change_status(caller, one, new_status, comment);
        end if;
        results := results || step;
    end loop;
    return jsonb_build_object('success', true, 'results', results,
        'updated', (select count(*) from jsonb_array_elements(results) r where (r ->> 'success')::boolean),
        'message', format('Updated %s of %s tickets.',
            (select count(*) from jsonb_array_elements(results) r where (r ->> 'success')::boolean), cardinality(ids)));
end
$$;
