-- Keyset cursors. Every paged list hands one out as `next_cursor` and continues after the keys it holds.

-- The cursor of a page that ends at `keys`. `list` names the list, `about` what selects and orders its rows (scope,
-- filters, order). It is base64url of a version, a checksum over all three, and the keys. The checksum detects cursors
-- of another list; it is no secret, because a cursor only says where to continue and every page is authorized again.
create function logic.make_cursor(list text, about jsonb, keys jsonb) returns text language sql immutable parallel safe
begin atomic
    select translate(encode(convert_to(
        '1' || left(encode(sha256(convert_to(list || about::text || keys::text, 'UTF8')), 'hex'), 12) || keys::text, 'UTF8'), 'base64'),
        E'+/=\n', '-_');
end;

-- The keys of a cursor that the same list made; null for no cursor or an empty one.
create function logic.read_cursor(cursor text, list text, about jsonb) returns jsonb language plpgsql immutable as $$
declare
    keys jsonb;
begin
    if coalesce(cursor, '') = '' then
        return null;
    end if;
    if length(cursor) between 18 and 4000 and cursor ~ '^[A-Za-z0-9_-]+$' then
        begin
            keys := substr(convert_from(decode(rpad(translate(cursor, '-_', '+/'), (length(cursor) + 3) / 4 * 4, '='), 'base64'), 'UTF8'), 14)::jsonb;
        exception when data_exception then
            keys := null;
        end;
        if logic.make_cursor(list, about, keys) = cursor then
            return keys;
        end if;
    end if;
    perform logic.fail_invalid('cursor', 'must be the next_cursor of a previous page of the same list, with the same filters and order');
end
$$;

-- The members that end a page: `found` rows of which at most `max_rows` are shown (a list reads one more), and the keys
-- of the last one shown.
create function logic.page_end(found bigint, max_rows bigint, list text, about jsonb, keys jsonb) returns jsonb language sql immutable
begin atomic
    select jsonb_build_object('has_more', found > max_rows,
        'next_cursor', case when found > max_rows then logic.make_cursor(list, about, keys) end);
end;
