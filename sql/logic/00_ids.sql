-- Ids, ranks and small text helpers that every later file uses.

-- A time-ordered UUID, version 7 (RFC 9562 section 5.7): 48 bits of milliseconds, then random bits.
-- Postgres 16 and 17 have no uuidv7() of their own.
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

-- The rank of a ticket put at the end of a column: greater than every rank made earlier, and unique in
-- its workflow because it ends in the ticket's number. Digits and letters sort by byte.
create function logic.rank_at_end(number bigint) returns text language sql volatile parallel safe
begin atomic
    select 'm' || lpad(to_hex((extract(epoch from clock_timestamp()) * 1000000)::bigint), 14, '0')
        || '.' || to_hex(number);
end;

-- A rank strictly between two others ("fractional indexing"); null means an open end. The ticket's
-- number at its end keeps two concurrent drops into one gap apart.
create function logic.rank_between(low text, high text, number bigint) returns text language plpgsql immutable parallel safe as $$
declare
    digits constant text := '0123456789abcdefghijklmnopqrstuvwxyz';
    result text := '';
    place int := 1;
    low_digit int;
    high_digit int;
begin
    if low is not null and high is not null and low collate "C" >= high collate "C" then
        high := null;
    end if;
    loop
        -- Characters outside the digits ('.') count as the smallest digit.
        low_digit := case when low is null or place > length(low) then 0
                          else greatest(strpos(digits, substr(low, place, 1)) - 1, 0) end;
        high_digit := case when high is null or place > length(high) then 36
                           else greatest(strpos(digits, substr(high, place, 1)) - 1, 0) end;
        if high_digit - low_digit > 1 then
            result := result || substr(digits, (low_digit + high_digit) / 2 + 1, 1);
            exit;
        end if;
        -- No room at this place: copy low's character and, once below high, forget high.
        result := result || case when low is null or place > length(low) then '0' else substr(low, place, 1) end;
        if low_digit < high_digit then
            high := null;
        end if;
        place := place + 1;
    end loop;
    return result || '.' || to_hex(number);
end
$$;

-- Refuses with one of our own SQLSTATEs (class CB). `message` is a sentence a person can act on;
-- `extra` becomes further members of the problem document, e.g. {"field": "title", "rule": "…"}.
create function logic.fail(code text, message text, extra jsonb default '{}') returns void language plpgsql immutable as $$
begin
    raise exception using errcode = code, message = message, detail = extra::text;
end
$$;

-- Refuses a value, naming its field and the rule it breaks.
create function logic.invalid(field text, rule text) returns void language plpgsql immutable as $$
begin
    perform logic.fail('CB422', format('The field %s %s.', field, rule), jsonb_build_object('field', field, 'rule', rule));
end
$$;

-- A text without white space at its ends: blanks, tabs, line ends, the wide and the invisible ones.
create function logic.trimmed(content text) returns text language sql immutable parallel safe
begin atomic
    select btrim(content, E' \t\n\r\f\v\u00a0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u200b\u2028\u2029\u202f\u205f\u3000\ufeff');
end;

-- A list without nulls, blanks or repeats, in its first order; null stays null.
create function logic.tidy_list(items text[]) returns text[] language sql immutable parallel safe
begin atomic
    select case when items is null then null else coalesce((
        select array_agg(item order by first)
        from (select logic.trimmed(i.item) as item, min(i.place) as first
              from unnest(items) with ordinality i (item, place)
              where logic.trimmed(i.item) <> '' group by 1) kept), '{}') end;
end;
