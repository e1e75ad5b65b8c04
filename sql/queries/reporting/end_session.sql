-- Ends the session with the process number $1 if it is one of the reporting role or of an analyst.
select pg_terminate_backend(a.pid)
  from pg_stat_activity a
 where a.pid = $1 and a.usename ~ '^callboard_(reporting$|analyst_)'
