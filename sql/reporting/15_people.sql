-- Searches and security events.

-- Without the text that people searched for, which is theirs.
create view reporting.searches as
select r.workflow_id, r.actor_id, a.name as actor, 'recent' as kind, null::text as name, r.search_type, r.filters <> '{}' as has_filters,
       r.searched_at as at, false as is_shared, false as notifies
  from public.recent_searches r
  left join public.actors a on a.id = r.actor_id
union all
select s.workflow_id, s.owner_id, a.name, 'saved', case when s.shared then s.name end, s.search_type, s.filters <> '{}', s.created_at, s.shared, s.notify
  from public.saved_searches s
  left join public.actors a on a.id = s.owner_id;

create view reporting.security_events as
select e.id as event_id, e.occurred_at, e.kind, e.outcome, e.actor_id, a.name as actor, e.on_behalf_of, e.address,
       e.subject_id, s.name as subject, e.workflow_id, w.name as workflow, e.details, e.occurrences
  from public.security_events e
  left join public.actors a on a.id = e.actor_id
  left join public.actors s on s.id = e.subject_id
  left join public.workflows w on w.id = e.workflow_id;
