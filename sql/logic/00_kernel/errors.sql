-- Errors that functions raise on purpose: one table of their codes, and how to raise them by name.

-- Every error: the name that functions and clients use, its SQLSTATE, its HTTP status, and what it means.
-- ERROR_CODES in src/error/database.rs holds the same codes; a test compares the two.
create view logic.error_codes (name, state, http_status, meaning) as values
    ('blocked', 'CB001', 409, 'Other tickets block this one.'),
    ('unknown_status', 'CB002', 422, 'The board has no such column.'),
    ('wip_limit', 'CB003', 409, 'The column is at its WIP limit and the board enforces it.'),
    ('dependency_cycle', 'CB004', 409, 'Blockers or parents would form a cycle.'),
    ('stale_version', 'CB005', 409, 'The ticket or board changed after the client read it.'),
    ('transition_not_allowed', 'CB006', 409, 'The board has no transition between these columns.'),
    ('lease_lost', 'CB007', 409, 'The lease token is stale (fencing).'),
    ('reopen_not_allowed', 'CB008', 409, 'The board does not let tickets leave a done column.'),
    ('idempotency_key_reused', 'CB009', 422, 'The idempotency key belongs to another request.'),
    ('ticket_tracking_off', 'CB010', 409, 'Ticket tracking is off in this workflow.'),
    ('review_pending', 'CB011', 409, 'A review of the ticket is pending or rejected it.'),
    ('bad_request', 'CB400', 400, 'The request is malformed.'),
    ('unauthenticated', 'CB401', 401, 'The credential is unknown, expired or revoked.'),
    ('forbidden', 'CB403', 403, 'The caller lacks the role or scope.'),
    ('not_found', 'CB404', 404, 'It does not exist, or the caller may not know that it exists.'),
    ('conflict', 'CB409', 409, 'The current state does not allow it.'),
    ('gone', 'CB410', 410, 'The one-time link was used or has expired.'),
    ('invalid', 'CB422', 422, 'A value breaks a rule; the detail names field and rule.'),
    ('too_many_requests', 'CB429', 429, 'The caller exceeded a rate limit.');

-- Raises the error of that name. `message` is a sentence a person can act on; `extra` becomes further
-- members of the problem document, e.g. {"field": "title", "rule": "…"}.
create function logic.fail(name text, message text, extra jsonb default '{}') returns void language plpgsql immutable as $$
declare
    state constant text := (select c.state from logic.error_codes c where c.name = fail.name);
begin
    if state is null then
        raise exception 'logic.error_codes has no error named %', coalesce(quote_literal(name), 'null') using errcode = 'internal_error';
    end if;
    raise exception using errcode = state, message = message, detail = extra::text;
end
$$;

-- Rejects a value, naming its field and the rule it breaks.
create function logic.fail_invalid(field text, rule text) returns void language plpgsql immutable as $$
begin
    perform logic.fail('invalid', format('The field %s %s.', field, rule), jsonb_build_object('field', field, 'rule', rule));
end
$$;

-- In an exception handler: whether the SQLSTATE is one of these errors, or, without names, any of them.
create function logic.is_error(state text, variadic names text[] default '{}') returns boolean language sql stable
begin atomic
    select exists (select from logic.error_codes c
                    where c.state = is_error.state and (cardinality(is_error.names) = 0 or c.name = any (is_error.names)));
end;
