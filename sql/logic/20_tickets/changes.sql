-- History rows of tickets.

create function logic.ticket_created_change(ticket tickets, card jsonb) returns logic.change language sql immutable
begin atomic
    select (ticket.workflow_id, ticket.id, 'created', null, null, ticket.title, 'Created TKT-' || ticket.number || '.',
        jsonb_build_object('ticket', card || jsonb_build_object('description', ticket.description)), null, null)::logic.change;
end;

-- A ticket came back to its board, restored or no longer merged: whole, because boards have forgotten it.
-- Its original is told too.
create function logic.ticket_restored_changes(o tickets, n tickets) returns logic.change[] language plpgsql as $$
declare
    original tickets;
    card jsonb;
begin
    perform logic.lock_workflow_streams(array[n.workflow_id]);
    card := (select to_jsonb(c) from logic.cards c where c.ticket_id = n.id);
    if o.merged_into_ticket_id is null then
        return array[logic.ticket_change(n, 'restored', 'deleted_at', null, null, 'Restored.', '{}', jsonb_build_object('ticket', card))];
    end if;
    select * into original from tickets t where t.id = o.merged_into_ticket_id;
    return array[
        logic.ticket_change(n, 'ticket_unmerged', 'merged_into_ticket_id', original.id, null,
            format('No longer merged into TKT-%s.', original.number), jsonb_build_object('merged_into_ticket_id', null),
            jsonb_build_object('ticket', card, 'original', logic.ticket_reference_json(original.id))),
        -- Nothing of the original's own row has changed.
        (n.workflow_id, original.id, 'ticket_unmerged', null, n.id, null, format('TKT-%s is no longer merged into this.', n.number),
            jsonb_build_object('changes', '{}'::jsonb, 'duplicate', logic.ticket_reference_json(n.id)), null, null)::logic.change];
end
$$;

-- A ticket left its board, deleted or merged; its original is told too. One that was away already only
-- changed the reason.
create function logic.ticket_removed_changes(o tickets, n tickets) returns logic.change[] language plpgsql as $$
declare
    original tickets;
begin
    if o.merged_into_ticket_id is distinct from n.merged_into_ticket_id and n.merged_into_ticket_id is not null then
        select * into original from tickets t where t.id = n.merged_into_ticket_id;
        return array[
            logic.ticket_change(n, 'ticket_merged', 'merged_into_ticket_id', o.merged_into_ticket_id, original.id,
                format('Merged into TKT-%s.', original.number), jsonb_build_object('merged_into_ticket_id', original.id),
                jsonb_build_object('original', logic.ticket_reference_json(original.id))),
            (n.workflow_id, original.id, 'ticket_merged', null, null, n.id, format('TKT-%s was merged into this.', n.number),
                jsonb_build_object('changes', '{}'::jsonb, 'duplicate', logic.ticket_reference_json(n.id)), null, null)::logic.change];
    end if;
    return array[case when n.deleted_at is null
        then logic.ticket_change(n, 'field_updated', 'deleted_at', null, null, 'Restored.', '{}')
        else logic.ticket_change(n, 'deleted', 'deleted_at', null, null, 'Deleted.', '{}') end];
end
$$;

-- A change of a ticket; `patch` maps card fields to their new values, `extra` is further event data.
create function logic.ticket_change(
    ticket tickets, change_type text, field_name text, old_value text, new_value text, description text, patch jsonb, extra jsonb default '{}'
) returns logic.change language plpgsql immutable as $$
begin
    return (ticket.workflow_id, ticket.id, change_type, field_name, old_value, new_value, description,
        jsonb_build_object('changes', patch || jsonb_build_object('version', ticket.version, 'updated_at', ticket.updated_at)) || extra, null, null)::logic.change;
end
$$;

-- The usual case of it: one field has a new value.
create function logic.ticket_field_change(ticket tickets, field_name text, old_value text, new_value text, shown jsonb, description text)
returns logic.change language plpgsql immutable as $$
begin
    return logic.ticket_change(ticket, 'field_updated', field_name, old_value, new_value, description,
        jsonb_build_object(field_name, shown));
end
$$;
