-- Ends sessions of the reporting role and of analysts that do what these roles are for nobody: run longer than $1 seconds, write (a session that
-- only reads has no transaction id), or hold an advisory lock. These roles can unset their own limits, so the server enforces
-- them, in every database of the cluster. Ending fails where the server may not signal them; then the rows say so.
select a.pid,
       case when l.pid is not null then 'held an advisory lock'
            when a.backend_xid is not null then 'wrote'
            else 'ran too long' end as reason,
       has_role.may and pg_terminate_backend(a.pid) as ended
  from pg_stat_activity a
  cross join lateral (select pg_has_role(current_user, a.usesysid, 'USAGE') or pg_has_role(current_user, 'pg_signal_backend', 'USAGE') as may) has_role
  left join lateral (select k.pid from pg_locks k where k.pid = a.pid and k.locktype = 'advisory' limit 1) l on true
 where a.usename ~ '^callboard_(reporting$|analyst_)' and a.pid <> pg_backend_pid()
   and (l.pid is not null or a.backend_xid is not null
        or (a.state <> 'idle' and least(a.xact_start, a.query_start) < now() - make_interval(secs => $1::double precision)))
