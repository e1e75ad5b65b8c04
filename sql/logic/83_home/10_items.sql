-- The items of each section of one workflow, at most logic.max_home_items(). All read an index in the order of the section. A
-- condition is written out in each of them, because a call for each row would take longer than the rest.

-- An item: what it is about (`id` is that of an approval, job, finding, comment or ticket) and when it came up.
create type logic.home_item as (section text, workflow_id text, id text, kind text, at timestamptz);

-- Questions and reviews that the reader may decide. Those of deleted tickets need no decision.
create function logic.home_waiting(place logic.home_place, reader text, can_approve boolean) returns setof logic.home_item language sql stable
begin atomic
    select 'waiting', a.workflow_id, a.id, a.kind, a.created_at
      from approvals a
     where a.workflow_id = (home_waiting.place).workflow_id and a.status = 'pending'
       and home_waiting.can_approve and (home_waiting.place).role <> 'viewer'
       and (a.expires_at is null or a.expires_at > now() or a.kind = 'review')
       and home_waiting.reader is distinct from a.asked_by and home_waiting.reader is distinct from a.asked_through
       and (select t.deleted_at from tickets t where t.id = a.ticket_id) is null
     order by a.id limit logic.max_home_items();
end;

-- Jobs that failed and need somebody: not retried, deleted or marked as dealt with, the newest of their ticket, whose ticket is open.
create function logic.home_failed(place logic.home_place, reader text) returns setof logic.home_item language sql stable
begin atomic
    select 'failed', j.workflow_id, j.id, 'job', j.finished_at
      from jobs j
     where j.workflow_id = (home_failed.place).workflow_id and j.status = 'failed' and j.deleted_at is null
       and j.finished_at > (home_failed.place).handled_since - interval '1 minute'
       and (j.finished_at > (home_failed.place).handled_since
            or (home_failed.place).handled_seq > 0 and exists (select from logic.find_late_ends(j.workflow_id, (home_failed.place).handled_seq) e where e.id = j.id))
       and not exists (select from home_handled k where k.actor_id = home_failed.reader and k.item_id = j.id and k.handled_at >= j.finished_at)
       and not exists (select from tickets t where t.id = j.ticket_id and (t.is_resolved or t.deleted_at is not null))
       and not exists (select from jobs n where n.ticket_id = j.ticket_id and n.created_at > j.created_at and n.deleted_at is null)
     order by j.finished_at desc limit logic.max_home_items();
end;

-- Open findings about work that does not go on, and jobs whose worker has let most of its lease pass without a heartbeat. Workers
-- send one in each third of a lease.
create function logic.home_stuck(place logic.home_place, reader text) returns setof logic.home_item language sql stable
begin atomic
    select 'stuck', s.workflow_id, s.id, s.kind, s.at
      from (
        (select f.workflow_id, f.id, f.kind, f.since as at
           from findings f
          where f.workflow_id = (home_stuck.place).workflow_id and f.closed_at is null
            and f.kind in ('stuck', 'blocked', 'agent_silent', 'job_without_worker')
            and not exists (select from home_handled k where k.actor_id = home_stuck.reader and k.item_id = f.id and k.handled_at >= f.opened_at)
          order by f.since limit logic.max_home_items())
        union all
        (select j.workflow_id, j.id, 'job_silent', j.heartbeat_at
           from jobs j
          where j.workflow_id = (home_stuck.place).workflow_id and j.deleted_at is null
            and j.status in ('collecting', 'queued', 'running', 'paused', 'waiting') and j.status = 'running'
            and j.heartbeat_at < now() - interval '30 seconds'
            and j.lease_expires_at - now() < (j.lease_expires_at - j.heartbeat_at) / 3
            and not exists (select from home_handled k where k.actor_id = home_stuck.reader and k.item_id = j.id and k.handled_at >= j.heartbeat_at)
          order by j.heartbeat_at limit logic.max_home_items())
      ) s
     order by s.at limit logic.max_home_items();
end;

-- Comments that mention the reader and that it has not marked as read.
create function logic.home_mentions(place logic.home_place, reader text) returns setof logic.home_item language sql stable
begin atomic
    select 'mentions', m.workflow_id, m.comment_id, 'mention', m.created_at
      from comment_mentions m
      join ticket_comments c on c.id = m.comment_id and c.deleted_at is null and m.actor_id = any (c.mentions)
     where m.actor_id = home_mentions.reader and m.workflow_id = (home_mentions.place).workflow_id
       and m.created_at > (home_mentions.place).handled_since
       and not exists (select from home_handled k where k.actor_id = home_mentions.reader and k.item_id = m.comment_id and k.handled_at >= m.created_at)
       and (select t.deleted_at from tickets t where t.id = c.ticket_id) is null
     order by m.created_at desc limit logic.max_home_items();
end;

-- Tickets that were resolved since the last visit, and jobs that succeeded for none of these.
create function logic.home_finished(place logic.home_place, reader text) returns setof logic.home_item language sql stable
begin atomic
    select 'finished', f.workflow_id, f.id, f.kind, f.at
      from (
        (select t.workflow_id, t.id, 'ticket' as kind, t.resolved_at as at
           from tickets t
          where t.workflow_id = (home_finished.place).workflow_id and t.is_resolved and t.deleted_at is null and t.merged_into_ticket_id is null
            and t.resolved_at > (home_finished.place).since - interval '1 minute'
            and (t.resolved_at > (home_finished.place).since
                 or (home_finished.place).seq > 0 and exists (select from logic.find_late_ends(t.workflow_id, (home_finished.place).seq) e where e.id = t.id))
            and not exists (select from home_handled k where k.actor_id = home_finished.reader and k.item_id = t.id and k.handled_at >= t.resolved_at)
          order by t.resolved_at desc limit logic.max_home_items())
        union all
        (select j.workflow_id, j.id, 'job', j.finished_at
           from jobs j
          where j.workflow_id = (home_finished.place).workflow_id and j.status = 'succeeded' and j.deleted_at is null
            and j.finished_at > (home_finished.place).since - interval '1 minute'
            and (j.finished_at > (home_finished.place).since
                 or (home_finished.place).seq > 0 and exists (select from logic.find_late_ends(j.workflow_id, (home_finished.place).seq) e where e.id = j.id))
            and not exists (select from home_handled k where k.actor_id = home_finished.reader and k.item_id = j.id and k.handled_at >= j.finished_at)
            and not exists (select from tickets t
                             where t.id = j.ticket_id and t.is_resolved and t.resolved_at > (home_finished.place).since - interval '1 minute')
          order by j.finished_at desc limit logic.max_home_items())
      ) f
     order by f.at desc limit logic.max_home_items();
end;

-- Questions that expired without a decision since the last visit.
create function logic.home_expired(place logic.home_place, reader text) returns setof logic.home_item language sql stable
begin atomic
    select 'expired', a.workflow_id, a.id, a.kind, a.decided_at
      from approvals a
     where a.workflow_id = (home_expired.place).workflow_id and a.status = 'expired'
       and a.decided_at > (home_expired.place).since - interval '1 minute'
       and (a.decided_at > (home_expired.place).since
                 or (home_expired.place).seq > 0 and exists (select from logic.find_late_ends(a.workflow_id, (home_expired.place).seq) e where e.id = a.id))
       and not exists (select from home_handled k where k.actor_id = home_expired.reader and k.item_id = a.id and k.handled_at >= a.decided_at)
       and (select t.deleted_at from tickets t where t.id = a.ticket_id) is null
     order by a.decided_at desc limit logic.max_home_items();
end;
