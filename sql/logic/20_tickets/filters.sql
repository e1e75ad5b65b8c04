-- The filters that lists, search and saved searches share.

-- Whether a ticket has blockers.
create function logic.is_blocked(ticket text) returns boolean language sql stable
begin atomic
    select exists (select from logic.active_blockers k where k.ticket_id = is_blocked.ticket);
end;

-- Rejects a name that is not a time zone.
create function logic.check_time_zone(field text, zone text) returns void language plpgsql stable as $$
begin
    if zone !~ '^[A-Za-z_]+(/[A-Za-z0-9_+-]+){0,2}$' or char_length(zone) > 64 then
        raise invalid_parameter_value;
    end if;
    perform now() at time zone zone;
exception when invalid_parameter_value then
    perform logic.fail_invalid(field, 'must be a time zone like Europe/Berlin or UTC');
end
$$;

-- The zone in which days are counted: the given one, else the workflow's.
create function logic.time_zone_of(workflow text, zone text default null) returns text language plpgsql stable as $$
begin
    if zone is not null then
        perform logic.check_time_zone('tz', zone);
        return zone;
    end if;
    return (select w.time_zone from workflows w where w.id = workflow);
end
$$;

-- Filters with the zone of their dates, the day that it is there and the id of the milestone, so that `matches_filters` needs no
-- workflow; rejects an unknown zone.
create function logic.localize_filters(workflow text, filters jsonb) returns jsonb language plpgsql stable as $$
begin
    if not coalesce((filters ->> 'silent_minutes')::double precision between 0 and 525600, true) then
        perform logic.fail_invalid('silent_minutes', 'must be between 0 and 525600');
    end if;
    if filters ? 'milestone_id' then
        -- An unknown one stays as it is, so that no ticket passes: what was saved as a filter may be gone.
        filters := filters || jsonb_build_object('milestone_id',
            coalesce((logic.find_milestones(workflow, filters ->> 'milestone_id'))[1], filters ->> 'milestone_id'));
    end if;
    if filters ?| '{created_after,created_before,overdue,tz}' then
        filters := filters || jsonb_build_object('tz', logic.time_zone_of(workflow, filters ->> 'tz'));
    end if;
    if filters ? 'overdue' then
        filters := filters || jsonb_build_object('today', (now() at time zone (filters ->> 'tz'))::date);
    end if;
    return filters;
end
$$;

-- The time that a filter names: a date is its first instant, or with `at_end` its last one, in `zone`; a time without an
-- offset is in `zone`. Immutable, because the zone is always given.
create function logic.filter_time(given text, zone text, at_end boolean) returns timestamptz language sql immutable parallel safe
begin atomic
    select case
        when given ~ '^\d{4}-\d\d-\d\d$' and at_end then (given::date + 1)::timestamp at time zone coalesce(zone, 'UTC') - interval '1 microsecond'
        when given ~ '^\d{4}-\d\d-\d\d$' then given::date::timestamp at time zone coalesce(zone, 'UTC')
        when given ~ '(Z|[+-]\d\d(:?\d\d)?)$' then given::timestamptz
        else given::timestamp at time zone coalesce(zone, 'UTC') end;
end;

-- Whether a ticket passes the filters; a missing filter passes all. `tz` is the zone of dates.
-- {status[], priority[], ticket_type[], assigned_agent_id, unassigned, tags[], created_after,
-- created_before, tz, is_blocked, include_completed, silent_minutes, milestone_id, without_milestone, due_after, due_before,
-- overdue, today}
-- It has no subquery of its own, so Postgres can inline it and, when it plans for given filters, keeps only the
-- tests they need.
create function logic.matches_filters(t tickets, filters jsonb) returns boolean language sql stable
begin atomic
    select (filters -> 'status' is null or filters -> 'status' ? t.status)
       and (filters -> 'priority' is null or filters -> 'priority' ? t.priority)
       and (filters -> 'ticket_type' is null or filters -> 'ticket_type' ? t.ticket_type)
       and (filters ->> 'assigned_agent_id' is null or t.assigned_agent_id = filters ->> 'assigned_agent_id')
       and (filters -> 'unassigned' is distinct from 'true' or t.assigned_agent_id is null)
       and (filters -> 'tags' is null or t.tags && logic.json_text_array(filters -> 'tags'))
       and (filters ->> 'created_after' is null or t.created_at >= logic.filter_time(filters ->> 'created_after', filters ->> 'tz', false))
       and (filters ->> 'created_before' is null or t.created_at <= logic.filter_time(filters ->> 'created_before', filters ->> 'tz', true))
       and (filters ->> 'milestone_id' is null or t.milestone_id = filters ->> 'milestone_id')
       and (filters -> 'without_milestone' is distinct from 'true' or t.milestone_id is null)
       and (filters ->> 'due_after' is null or t.due_on >= (filters ->> 'due_after')::date)
       and (filters ->> 'due_before' is null or t.due_on <= (filters ->> 'due_before')::date)
       and (filters ->> 'overdue' is null
            or (filters ->> 'overdue')::boolean = (not t.is_resolved and coalesce(t.due_on < (filters ->> 'today')::date, false)))
       and (filters -> 'include_completed' is distinct from 'false' or not t.is_resolved)
       and (filters ->> 'is_blocked' is null or (filters ->> 'is_blocked')::boolean = logic.is_blocked(t.id))
       and (filters ->> 'silent_minutes' is null or (not t.is_resolved and t.assigned_agent_id is not null
            and logic.is_silent(t.id, (filters ->> 'silent_minutes')::double precision)));
end;
