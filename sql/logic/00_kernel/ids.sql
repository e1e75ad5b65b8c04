-- Ids of rows.

-- A time-ordered UUID, version 7 (RFC 9562 section 5.7): 48 bits of milliseconds, then random bits. Postgres 16
-- and 17 have no uuidv7().
create function logic.uuid_v7() returns uuid language sql volatile parallel safe
begin atomic
    select encode(
        set_bit(set_bit(
            overlay(uuid_send(gen_random_uuid())
                placing substring(int8send((extract(epoch from clock_timestamp()) * 1000)::bigint) from 3)
                from 1 for 6),
            52, 1), 53, 1), 'hex')::uuid;
end;

-- 'ticket' gives 'ticket-0192f…'.
create function logic.new_id(prefix text) returns text language sql volatile parallel safe
begin atomic
    select prefix || '-' || logic.uuid_v7();
end;
