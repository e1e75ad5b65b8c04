-- Writing history. Triggers collect changes and record them through these functions.

-- The actor that history names: set by logic.set_audit_actor, else the database role of the session.
create function logic.current_actor() returns text language sql stable
begin atomic
    select coalesce(nullif(current_setting('callboard.actor', true), ''), 'db:' || session_user);
end;

-- The actor that the current actor acts for, if any.
create function logic.current_on_behalf_of() returns text language sql stable
begin atomic
    select nullif(current_setting('callboard.on_behalf_of', true), '');
end;

-- What an external program reported about the change that this transaction makes, as event data.
create function logic.reported_event_data() returns jsonb language sql stable
begin atomic
    select case when coalesce(current_setting('callboard.reported', true), '') = '' then '{}'::jsonb
                else jsonb_build_object('reported', current_setting('callboard.reported', true)::jsonb) end;
end;

-- One change for history, in the stream `stream_id`. Defaults to the workflow's stream.
create type logic.change as (
    workflow_id text, ticket_id text, change_type text, field_name text, old_value text, new_value text,
    description text, metadata jsonb, job_id text, stream_id text
);

-- Writes one change: its stream's counter and the row of history in one statement, which takes less time than two.
-- Returns whether there is such a stream.
create function logic.record_change(one logic.change) returns boolean language plpgsql as $$
declare
    actor constant text := logic.current_actor();
    acting_for constant text := logic.current_on_behalf_of();
    stream constant text := coalesce(one.stream_id, 'workflow:' || one.workflow_id);
    place constant tid := logic.lock_stream(stream);
    number bigint;
    gated boolean;
    claimed boolean;
    notified boolean;
begin
    with
    -- The number, as in logic.allocate_sequence_numbers.
    allocated as (
        update streams s set last_seq = s.last_seq + 1 where s.ctid = place and s.stream_id = stream
        returning s.stream_id, s.last_seq
    )
    insert into history as h (stream_id, seq, workflow_id, ticket_id, job_id, change_type, field_name, old_value, new_value,
                              change_description, metadata, actor_id, on_behalf_of)
    select a.stream_id, a.last_seq, one.workflow_id, one.ticket_id, one.job_id, one.change_type, one.field_name, one.old_value, one.new_value,
           coalesce(one.description, ''), coalesce(one.metadata, '{}'), actor, acting_for
      from allocated a
    returning h.seq, (select g.gated from logic.status_change_gate g),
        exists (select from ticket_claims c where c.ticket_id = one.ticket_id and c.agent_id = coalesce(acting_for, actor))
      into number, gated, claimed;
    if number is null then
        return false;
    end if;
    if one.change_type <> 'status_changed' then
        perform logic.notify_relay();
    else
        notified := logic.notify_status_change(one.workflow_id, one.ticket_id, number, one.old_value, one.new_value, gated);
    end if;
    if claimed then
        perform logic.renew_ticket_claims(array[one.ticket_id], coalesce(acting_for, actor));
    end if;
    return true;
end
$$;

-- Writes changes into their streams, in the given order, and notifies the relays. Returns true.
create function logic.record_changes(changes logic.change[]) returns boolean language plpgsql as $$
declare
    base record;
    one logic.change;
    seq bigint;
    actor text;
    acting_for text;
    quiet boolean := true;
begin
    if cardinality(changes) = 0 or changes is null then
        return true;
    elsif cardinality(changes) = 1 then
        return logic.record_change(changes[1]);
    end if;
    actor := logic.current_actor();
    acting_for := logic.current_on_behalf_of();
    if cardinality(changes) > 20 then
        perform logic.record_changes_in_bulk(changes, actor, acting_for);
        perform logic.renew_ticket_claims(array(select distinct c.ticket_id from unnest(changes) c), coalesce(acting_for, actor));
        return true;
    end if;
    for base in
        select * from logic.allocate_sequence_numbers(array(select coalesce(c.stream_id, 'workflow:' || c.workflow_id) from unnest(changes) c))
    loop
        seq := base.before_first;
        foreach one in array changes loop
            continue when coalesce(one.stream_id, 'workflow:' || one.workflow_id) <> base.stream_id;
            seq := seq + 1;
            insert into history (stream_id, seq, workflow_id, ticket_id, job_id, change_type, field_name, old_value, new_value,
                                 change_description, metadata, actor_id, on_behalf_of)
            values (base.stream_id, seq, one.workflow_id, one.ticket_id, one.job_id, one.change_type, one.field_name, one.old_value, one.new_value,
                    coalesce(one.description, ''), coalesce(one.metadata, '{}'), actor, acting_for);
            if one.change_type = 'status_changed' then
                perform logic.notify_status_change(one.workflow_id, one.ticket_id, seq, one.old_value, one.new_value,
                    (select g.gated from logic.status_change_gate g));
            else
                quiet := false;
            end if;
        end loop;
    end loop;
    if not quiet then
        perform logic.notify_relay();
    end if;
    perform logic.renew_ticket_claims(array(select distinct c.ticket_id from unnest(changes) c), coalesce(acting_for, actor));
    return true;
end
$$;

-- The same in one statement, for so many changes that one pass per stream would be slow.
create function logic.record_changes_in_bulk(changes logic.change[], actor text, acting_for text) returns void language plpgsql as $$
declare
    moved record;
begin
    for moved in
    with
    -- Each change with its stream and its position among the changes of that stream.
    placed as materialized (
        select c.*, coalesce(c.stream_id, 'workflow:' || c.workflow_id) as stream,
               row_number() over (partition by coalesce(c.stream_id, 'workflow:' || c.workflow_id) order by c.place) as nth
          from unnest(changes) with ordinality c (workflow_id, ticket_id, change_type, field_name, old_value, new_value, description,
                                                  metadata, job_id, stream_id, place)
    ),
    -- The number before the first one of each stream.
    bases as materialized (
        select * from logic.allocate_sequence_numbers((select array_agg(p.stream) from placed p))
    ),
    -- The inserted rows.
    written as (
        insert into history (stream_id, seq, workflow_id, ticket_id, job_id, change_type, field_name, old_value, new_value,
                             change_description, metadata, actor_id, on_behalf_of)
        select p.stream, b.before_first + p.nth, p.workflow_id, p.ticket_id, p.job_id, p.change_type, p.field_name, p.old_value, p.new_value,
               coalesce(p.description, ''), coalesce(p.metadata, '{}'), actor, acting_for
          from placed p join bases b on b.stream_id = p.stream
         order by p.place
        returning workflow_id, ticket_id, seq, change_type, old_value, new_value
    )
    select * from written w where w.change_type = 'status_changed' order by w.seq
    loop
        perform logic.notify_status_change(moved.workflow_id, moved.ticket_id, moved.seq, moved.old_value, moved.new_value,
            (select g.gated from logic.status_change_gate g));
    end loop;
    if exists (select from unnest(changes) c where c.change_type <> 'status_changed') then
        perform logic.notify_relay();
    end if;
end
$$;

-- The same for changes that a trigger collected as a JSON array of objects with the fields of logic.change.
create function logic.record_json_changes(changes jsonb) returns void language plpgsql as $$
begin
    perform logic.record_changes(array(
        select row(r.*)::logic.change
          from jsonb_array_elements(changes) with ordinality e (item, place)
          cross join lateral jsonb_to_record(e.item) r (workflow_id text, ticket_id text, change_type text, field_name text,
                old_value text, new_value text, description text, metadata jsonb, job_id text, stream_id text)
         order by e.place));
end
$$;
