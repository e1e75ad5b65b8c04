-- Removes large objects of the reporting role and of analysts, which any role may make. Fails where the server's role may not.
select lo_unlink(m.oid)
  from pg_largeobject_metadata m
 where m.lomowner in (select r.oid from pg_roles r where r.rolname ~ '^callboard_(reporting$|analyst_)')
 limit 1000
