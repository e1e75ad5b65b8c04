-- Removes large objects of the reporting role, which any role may make. Fails where the server's role may not.
select lo_unlink(m.oid)
  from pg_largeobject_metadata m
 where m.lomowner = (select r.oid from pg_roles r where r.rolname = 'callboard_reporting')
 limit 1000
