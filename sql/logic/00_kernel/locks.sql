-- Keys of advisory locks. Every role of the database may take these locks, so their keys are derived from a secret that only
-- the server can read.

-- The key of the lock with this name.
create function logic.lock_key(name text) returns bigint language sql stable
begin atomic
    select hashtextextended(lock_key.name, (select s.secret from lock_secret s));
end;
