-- Helpers for texts and lists of texts.

-- A text without whitespace at its ends: blanks, tabs, line breaks, and the wide and invisible Unicode ones.
create function logic.trim_whitespace(content text) returns text language sql immutable parallel safe
begin atomic
    select btrim(content, E' \t\n\r\f\x0b\u00a0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u200b\u2028\u2029\u202f\u205f\u3000\ufeff');
end;

-- A name as it is compared with what a client calls it: without case, spaces, hyphens and underscores.
create function logic.plain_name(named text) returns text language sql immutable parallel safe
begin atomic
    select lower(regexp_replace(named, '[\s_-]+', '', 'g'));
end;

-- The number in a ticket's key: of TKT-12, tkt-12, #12 or 12; null for any other text.
create function logic.parse_ticket_number(key text) returns bigint language sql immutable parallel safe
begin atomic
    select case when key ~* '^(tkt-|#)?[0-9]{1,15}$' then regexp_replace(key, '[^0-9]', '', 'g')::bigint end;
end;

-- A text without the characters that show nothing: blanks, controls, format characters (joiners, direction marks, soft
-- hyphens, tags), variation selectors, fillers of Hangul, the blank Braille pattern, and combining marks.
create function logic.visible_text(content text) returns text language sql immutable parallel safe
begin atomic
    select regexp_replace(content, '[\u0001-\u0020\u007f-\u00a0\u00ad\u0300-\u036f\u0600-\u0605\u061c\u06dd\u070f\u08e2\u115f\u1160\u1680\u17b4\u17b5\u180b-\u180f'
        '\u2000-\u200f\u2028-\u202f\u205f-\u206f\u2800\u3000\u3164\ufe00-\ufe0f\ufeff\uffa0\ufff0-\ufffb\U000110bd\U000110cd\U00013430-\U0001343f'
        '\U0001bca0-\U0001bca3\U0001d173-\U0001d17a\U000e0000-\U000e0fff]', '', 'g');
end;

-- Whether a text shows nothing; also for null.
create function logic.is_blank(content text) returns boolean language sql immutable parallel safe
begin atomic
    select coalesce(logic.visible_text(content), '') = '';
end;

-- The length by which minimum lengths are counted: visible characters and the blanks between them, a wide one (Chinese,
-- Japanese, Korean, full width) as three, because it says as much as about three letters.
create function logic.content_length(content text) returns int language sql immutable parallel safe
begin atomic
    select case when logic.is_blank(content) then 0 else char_length(regexp_replace(logic.visible_text(regexp_replace(logic.trim_whitespace(content), '\s', '_', 'g')),
        '([\u1100-\u11ff\u2e80-\ua4cf\ua960-\ua97f\uac00-\ud7ff\uf900-\ufaff\ufe30-\ufe4f\uff01-\uff60\uffe0-\uffe6\U00020000-\U0003ffff])', '\1\1\1', 'g')) end;
end;

-- Rejects a text that shows nothing. Null passes: it leaves a field as it is.
create function logic.check_visible(field text, content text) returns void language plpgsql immutable as $$
begin
    if content is not null and logic.is_blank(content) then
        perform logic.fail_invalid(field, 'must have a visible character');
    end if;
end
$$;

-- Rejects a text with fewer than `min_length` characters by logic.content_length.
create function logic.check_min_length(field text, content text, min_length int, why text default '') returns void language plpgsql immutable as $$
begin
    if logic.content_length(content) < min_length then
        perform logic.fail_invalid(field, format('must have at least %s characters%s', min_length, why));
    end if;
end
$$;

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

-- How long a text may be in a list of tickets that has their texts: 32,000 characters, fewer in a list of many, so that all have about
-- 4 million together.
create function logic.list_text_length(tickets bigint) returns int language sql immutable parallel safe
begin atomic
    select greatest(1000, least(32000, 4000000 / greatest(tickets, 1)))::int;
end;

-- What stands at the end of a text that was cut.
create function logic.cut_notice() returns text language sql immutable parallel safe
begin atomic
    select '… (cut in this list; the ticket has the whole text)';
end;

-- A text with at most `most` characters, else cut; null for no limit.
create function logic.cut_text(content text, most int) returns text language sql immutable parallel safe
begin atomic
    select case when most is null or char_length(content) <= most then content else left(content, most) || E'\n\n' || logic.cut_notice() end;
end;

-- An object with its texts cut like that; larger values of other kinds are left out.
create function logic.cut_texts(fields jsonb, most int) returns jsonb language sql immutable parallel safe
begin atomic
    select case when most is null or octet_length(fields::text) <= most then fields else (
        select coalesce(jsonb_object_agg(f.key, case when jsonb_typeof(f.value) = 'string' then to_jsonb(logic.cut_text(f.value #>> '{}', most)) else f.value end)
                   filter (where jsonb_typeof(f.value) = 'string' or octet_length(f.value::text) <= most), '{}')
          from jsonb_each(fields) f) end;
end;

-- Whether `given` is `whole` as logic.cut_text cuts it. Rejects a cut text with other changes: the rest would be lost.
create function logic.is_cut_text(given text, whole text, field text) returns boolean language plpgsql immutable as $$
declare
    place constant int := strpos(given, logic.cut_notice());
begin
    if coalesce(place, 0) = 0 then
        return false;
    elsif logic.trim_whitespace(substr(given, place + char_length(logic.cut_notice()))) = ''
          and starts_with(whole, rtrim(left(given, place - 1), E' \t\r\n')) then
        return true;
    end if;
    perform logic.fail_invalid(field, 'was cut in a list, so changing it would lose the rest; change it in Callboard');
    return false;
end
$$;
