-- Keys that servers sign tokens with. Servers call these before there is a caller, so they take none.

-- The signing keys, newest first. The first server of a database creates them; servers that start concurrently wait
-- and get the same ones.
create function logic.ensure_signing_keys(access_kid text, access_secret bytea, refresh_kid text, refresh_secret bytea)
returns jsonb language plpgsql as $$
begin
    if not exists (select from signing_keys where purpose = 'access' and retired_at is null)
       or not exists (select from signing_keys where purpose = 'refresh') then
        perform pg_advisory_xact_lock(logic.lock_key('signing_keys'));
        -- Another server may have created them while this one waited for the lock.
        insert into signing_keys (kid, purpose, secret)
        select access_kid, 'access', access_secret
         where not exists (select from signing_keys where purpose = 'access' and retired_at is null);
        insert into signing_keys (kid, purpose, secret)
        select refresh_kid, 'refresh', refresh_secret
         where not exists (select from signing_keys where purpose = 'refresh');
    end if;
    -- A retired key still verifies tokens for one more day.
    return (select jsonb_agg(jsonb_build_object('kid', kid, 'purpose', purpose, 'secret', encode(secret, 'hex'),
                                                'retired', retired_at is not null) order by created_at desc, kid)
              from signing_keys
             where retired_at is null or retired_at > now() - interval '1 day');
end
$$;

-- Replaces the key that signs access tokens. Tokens signed by the old one stay valid until they expire.
create function logic.rotate_signing_key(new_kid text, new_secret bytea) returns void language plpgsql as $$
begin
    perform pg_advisory_xact_lock(logic.lock_key('signing_keys'));
    update signing_keys set retired_at = now() where purpose = 'access' and retired_at is null;
    insert into signing_keys (kid, purpose, secret) values (new_kid, 'access', new_secret);
end
$$;
