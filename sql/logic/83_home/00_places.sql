-- The workflows on a person's Home, and since when something is news in each.

-- How many items of one section are counted in one workflow; more are shown as "100+".
create function logic.max_home_items() returns int language sql immutable parallel safe begin atomic select 100; end;

-- A workflow with the position of its stream, and the two cursors of the person: `seq` and `since` of the last visit, `handled_seq`
-- and `handled_since` of what is dealt with.
create type logic.home_place as (
    workflow_id text, name text, role text, last_seq bigint, seq bigint, since timestamptz, visited_at timestamptz,
    handled_seq bigint, handled_since timestamptz
);

-- The caller's own workflows, the newest 200, as sockets watch them; archived ones have no news. Nothing is older than 30 days, and
-- without a visit in this epoch nothing is older than 7 days or than the membership.
create function logic.home_places(member text, reader text) returns setof logic.home_place language sql stable
begin atomic
    select w.id, w.name, m.role, s.last_seq,
           coalesce(v.seq, 0),
           greatest(coalesce(v.seen_at, greatest(m.added_at, now() - interval '7 days')), now() - interval '30 days'),
           v.visited_at,
           coalesce(v.handled_seq, 0),
           greatest(case when v.handled_seq > 0 then v.handled_at end, m.added_at, now() - interval '30 days')
      from workflow_members m
      join workflows w on w.id = m.workflow_id and w.archived_at is null
      join streams s on s.stream_id = 'workflow:' || w.id
      left join home_visits v on v.actor_id = home_places.reader and v.workflow_id = w.id and v.epoch = logic.epoch()
     where m.actor_id = home_places.member
     order by w.created_at desc limit 200;
end;

-- What ended by one of the first events after a cursor: tickets, jobs and approvals. The time of an end is taken before its event
-- gets its number, so an end that is a moment older than the cursor's event may have an event after it. Only ends of the minute before
-- are looked up here.
create function logic.find_late_ends(workflow text, after_seq bigint) returns table (id text) language sql stable
begin atomic
    select case h.change_type when 'resolved' then h.ticket_id when 'approval_expired' then h.new_value else h.job_id end
      from history h
     where h.stream_id = 'workflow:' || find_late_ends.workflow and h.seq > find_late_ends.after_seq and h.seq <= find_late_ends.after_seq + 200
       and (h.change_type in ('resolved', 'approval_expired') or h.change_type = 'job_status' and h.new_value in ('succeeded', 'failed'));
end;
