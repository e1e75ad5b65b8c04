-- Checks that several functions of tickets share.

-- Ticket ids from ids or keys (TKT-12), all in the workflow; rejects unknown ones by name. A deleted or merged ticket is
-- accepted among `kept`, the references that stand already, so that it does not stop another change.
create function logic.resolve_ticket_ids(workflow text, field text, given text[], kept text[] default '{}') returns text[]
language plpgsql stable as $$
declare
    ids text[];
    missing text;
begin
    -- Most tickets refer to none.
    if coalesce(cardinality(array_remove(given, null)), 0) = 0 then
        return '{}';
    end if;
    select array_agg(t.id order by g.place), string_agg(g.item, ', ') filter (where t.id is null)
      into ids, missing
      from unnest(logic.normalize_list(given)) with ordinality g (item, place)
      left join tickets t on t.workflow_id = workflow and (logic.is_live(t) or t.id = any (kept))
           and (t.id = g.item or t.number = logic.parse_ticket_number(g.item));
    if missing is not null then
        perform logic.fail_invalid(field, format('must name tickets of the same workflow; not found: %s', left(missing, 200)));
    end if;
    -- An id and a key may name the same ticket.
    return coalesce(logic.normalize_list(ids), '{}');
end
$$;

-- Rejects a title that is too short or long, or shows no word: punctuation and invisible characters are none.
create function logic.check_title(title text) returns void language plpgsql immutable as $$
begin
    if logic.content_length(title) < 3 or char_length(title) > 500 then
        perform logic.fail_invalid('title', 'must have 3 to 500 characters');
    end if;
    if regexp_replace(logic.visible_text(title), '[!-/:-@\[-`{-~\u2010-\u2027\u2030-\u205e\u3001-\u3003\u3008-\u301f]', '', 'g') = '' then
        perform logic.fail_invalid('title', 'must have a word');
    end if;
end
$$;

-- The day that a text names; null for none. Years are limited to those in which plans are made, and that every client can read.
create function logic.parse_day(field text, given text) returns date language plpgsql immutable as $$
begin
    if logic.is_blank(given) then
        return null;
    end if;
    if given !~ '^\d{4}-\d\d-\d\d$' or left(given, 4) < '1900' then
        raise invalid_datetime_format;
    end if;
    return given::date;
exception when invalid_datetime_format or datetime_field_overflow then
    perform logic.fail_invalid(field, 'must be a date like 2026-01-31, from the year 1900 on');
    return null;
end
$$;

-- The id of the milestone that a client gives for a ticket, by id or name; null for none. A closed one takes no tickets, but
-- keeps those that it has (`kept`).
create function logic.resolve_milestone(workflow text, named text, kept text default null) returns text language plpgsql stable as $$
declare
    found_milestone milestones;
begin
    if logic.is_blank(named) then
        return null;
    end if;
    select * into found_milestone from milestones m where m.id = logic.require_milestone(workflow, 'milestone_id', named);
    if found_milestone.closed_at is not null and found_milestone.id is distinct from kept then
        perform logic.fail_invalid('milestone_id', format('must name an open milestone; %s is closed, reopen it first', found_milestone.name));
    end if;
    return found_milestone.id;
end
$$;

-- Checks a ticket type against the board.
create function logic.check_ticket_type(workflow text, ticket_type text) returns void language plpgsql stable as $$
declare
    allowed text[] := (select array_agg(x ->> 'id') from boards b, jsonb_array_elements(b.ticket_types) x where b.workflow_id = workflow);
begin
    if not (ticket_type = any (allowed)) then
        perform logic.fail_invalid('ticket_type', format('must be one of %s', array_to_string(allowed, ', ')));
    end if;
end
$$;

-- Fails because a status is not a column of the board.
create function logic.fail_unknown_status(workflow text, status text, field text) returns void language plpgsql stable as $$
declare
    ids text := (select string_agg(c.id, ', ' order by c.position, c.id) from board_columns c where c.workflow_id = workflow);
begin
    perform logic.fail('unknown_status', format('There is no column %s on this board; the columns are %s.', status, ids),
        jsonb_build_object('field', field, 'rule', format('must be one of %s', ids)));
end
$$;

-- Checks a column's WIP limit before tickets enter it. Over the limit it fails under wip_policy refuse, else
-- returns a warning. An enforced limit locks the column, so that concurrent moves cannot exceed it together.
create function logic.check_wip_limit(workflow text, status text, entering int default 1) returns text language plpgsql as $$
declare
    col board_columns;
    policy text := (select b.wip_policy from boards b where b.workflow_id = workflow);
    held bigint;
begin
    select * into col from board_columns c where c.workflow_id = workflow and c.id = status;
    if col.wip_limit is null then
        return null;
    end if;
    if policy = 'refuse' then
        perform 1 from board_columns c where c.workflow_id = workflow and c.id = status for no key update;
    end if;
    held := (select count(*) from tickets t where t.workflow_id = workflow and t.status = col.id and logic.is_live(t));
    if held + entering <= col.wip_limit then
        return null;
    end if;
    if policy = 'refuse' then
        perform logic.fail('wip_limit', format('The column %s is full: it holds %s of %s tickets.', col.name, held, col.wip_limit),
            jsonb_build_object('status', status, 'wip_limit', col.wip_limit, 'ticket_count', held));
    end if;
    return format('The column %s is over its limit: %s of %s tickets.', col.name, held + entering, col.wip_limit);
end
$$;

-- Rejects a change that is based on an old version of the ticket (optimistic locking).
create function logic.check_ticket_version(ticket tickets, seen bigint) returns void language plpgsql immutable as $$
begin
    if seen is not null and seen <> ticket.version then
        perform logic.fail('stale_version', format('TKT-%s changed since you read it: it is at version %s, you saw %s. Read it again.', ticket.number, ticket.version, seen),
            jsonb_build_object('version', ticket.version));
    end if;
end
$$;

-- Rejects a parent that is the ticket itself or one of its descendants. Locks the stream first, so that two halves of a
-- cycle cannot be written concurrently: the second one sees the first.
create function logic.check_ticket_parent(ticket text, parent text) returns void language plpgsql as $$
begin
    perform logic.lock_workflow_streams(array(select t.workflow_id from tickets t where t.id = ticket));
    if exists (
        with recursive
        -- The parent and its ancestors; `union` ends a loop that exists already.
        line as (
            select parent as id
            union
            select t.parent_ticket_id from line l join tickets t on t.id = l.id where t.parent_ticket_id is not null
        )
        select from line l where l.id = ticket) then
        perform logic.fail('dependency_cycle', 'A ticket cannot be its own ancestor.', jsonb_build_object('field', 'parent_ticket_id'));
    end if;
end
$$;
