-- The sessions of the reporting role and of analysts that are at work.
select a.pid
  from pg_stat_activity a
 where a.usename ~ '^callboard_(reporting$|analyst_)' and a.state <> 'idle'
