-- Helpers for texts and lists of texts.

-- A text without whitespace at its ends: blanks, tabs, line breaks, and the wide and invisible Unicode ones.
create function logic.trim_whitespace(content text) returns text language sql immutable parallel safe
begin atomic
    select btrim(content, E' \t\n\r\f\x0b\u00a0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u200b\u2028\u2029\u202f\u205f\u3000\ufeff');
end;

-- A list without nulls, blanks and repeats, in its original order; null stays null.
create function logic.normalize_list(items text[]) returns text[] language sql immutable parallel safe
begin atomic
    select case when items is null then null else coalesce((
        select array_agg(item order by first)
        from (select logic.trim_whitespace(i.item) as item, min(i.place) as first
              from unnest(items) with ordinality i (item, place)
              where logic.trim_whitespace(i.item) <> '' group by 1) kept), '{}') end;
end;

-- The strings of a JSON array.
create function logic.json_text_array(items jsonb) returns text[] language sql immutable parallel safe
begin atomic
    select array(select jsonb_array_elements_text(items));
end;

-- Rejects a list with too many entries or too long ones.
create function logic.check_list_limits(field text, items text[], max_items int, max_length int) returns void language plpgsql immutable as $$
begin
    if cardinality(items) > max_items then
        perform logic.fail_invalid(field, format('must have at most %s entries', max_items));
    end if;
    if exists (select from unnest(items) i where char_length(i) > max_length) then
        perform logic.fail_invalid(field, format('must have entries of at most %s characters', max_length));
    end if;
end
$$;
