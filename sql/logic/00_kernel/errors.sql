-- Errors that functions raise on purpose.

-- Refuses with one of our own SQLSTATEs (class CB). `message` is a sentence a person can act on;
-- `extra` becomes further members of the problem document, e.g. {"field": "title", "rule": "…"}.
create function logic.fail(code text, message text, extra jsonb default '{}') returns void language plpgsql immutable as $$
begin
    raise exception using errcode = code, message = message, detail = extra::text;
end
$$;

-- Refuses a value, naming its field and the rule it breaks.
create function logic.fail_invalid(field text, rule text) returns void language plpgsql immutable as $$
begin
    perform logic.fail('CB422', format('The field %s %s.', field, rule), jsonb_build_object('field', field, 'rule', rule));
end
$$;
