-- Fields of a ticket that programs of other systems keep and Callboard has no name for, such as the model that works on it.

-- Rejects custom fields that are no object or too large, naming the largest; `field` is their name in the request.
create function logic.check_custom_fields(fields jsonb, field text default 'custom_fields') returns void language plpgsql immutable as $$
begin
    if fields is not null and jsonb_typeof(fields) <> 'object' then
        perform logic.fail_invalid(field, 'must be an object');
    elsif (select count(*) > 50 or max(char_length(k)) > 100 from jsonb_object_keys(fields) k) then
        perform logic.fail_invalid(field, 'must have at most 50 names of at most 100 characters');
    elsif octet_length(fields::text) > 65536 then
        perform logic.fail_invalid((select field || '.' || f.key from jsonb_each_text(fields) f order by octet_length(f.value) desc, f.key limit 1),
            'is too large: it and the further fields of the ticket must have at most 64 KiB of JSON together');
    end if;
end
$$;

-- Sets the given fields of a ticket and keeps the others; null removes a field. Answers all of them.
create function logic.set_custom_fields(caller text, ticket text, fields jsonb) returns jsonb language plpgsql as $$
declare
    access constant logic.ticket_access := logic.authorize_ticket(caller, ticket, 'member');
    held tickets;
    merged jsonb;
begin
    perform logic.check_custom_fields(fields);
    held := logic.lock_ticket(access.ticket_id);
    perform logic.require_open_workflow(held.workflow_id);
    merged := nullif(jsonb_strip_nulls(coalesce(held.custom_fields, '{}') || fields), '{}');
    perform logic.check_custom_fields(merged);
    if merged is distinct from held.custom_fields then
        update tickets t set custom_fields = merged where t.id = held.id;
    end if;
    return coalesce(merged, '{}');
end
$$;
