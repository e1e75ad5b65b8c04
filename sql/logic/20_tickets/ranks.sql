-- Ranks: the order of tickets in a column.

-- The rank of a ticket at the end of a column: greater than every earlier rank, and unique in its workflow
-- because it ends in the ticket's number. Digits and letters sort by byte.
create function logic.rank_at_end(number bigint) returns text language sql volatile parallel safe
begin atomic
    select 'm' || lpad(to_hex((extract(epoch from clock_timestamp()) * 1000000)::bigint), 14, '0')
        || '.' || to_hex(number);
end;

-- A rank strictly between two others (fractional indexing); null means an open end. The ticket's number at its
-- end keeps the ranks of two concurrent drops into the same gap distinct.
create function logic.rank_between(low text, high text, number bigint) returns text language plpgsql immutable parallel safe as $$
declare
    digits constant text := '0123456789abcdefghijklmnopqrstuvwxyz';
    result text := '';
    digit_index int := 1;
    low_digit int;
    high_digit int;
begin
    if low is not null and high is not null and low collate "C" >= high collate "C" then
        high := null;
    end if;
    loop
        -- Characters that are not digits ('.') count as the smallest digit.
        low_digit := case when low is null or digit_index > length(low) then 0
                          else greatest(strpos(digits, substr(low, digit_index, 1)) - 1, 0) end;
        high_digit := case when high is null or digit_index > length(high) then 36
                           else greatest(strpos(digits, substr(high, digit_index, 1)) - 1, 0) end;
        if high_digit - low_digit > 1 then
            result := result || substr(digits, (low_digit + high_digit) / 2 + 1, 1);
            exit;
        end if;
        -- No digit fits in this position: copy low's character and, once below high, drop the upper bound.
        result := result || case when low is null or digit_index > length(low) then '0' else substr(low, digit_index, 1) end;
        if low_digit < high_digit then
            high := null;
        end if;
        digit_index := digit_index + 1;
    end loop;
    return result || '.' || to_hex(number);
end
$$;

-- The rank that places a ticket right before or right after another one in a column; null if that other ticket
-- is not in the column.
create function logic.rank_next_to(ticket tickets, status text, before text, after text) returns text language plpgsql stable as $$
declare
    low text;
    high text;
begin
    if before is not null then
        select t.rank into high from tickets t
         where t.id = before and t.workflow_id = ticket.workflow_id and t.status = rank_next_to.status and logic.is_live(t);
        if high is null then
            return null;
        end if;
        low := (select max(t.rank) from tickets t
                 where t.workflow_id = ticket.workflow_id and t.status = rank_next_to.status and logic.is_live(t)
                   and t.rank < high and t.id <> ticket.id);
    elsif after is not null then
        select t.rank into low from tickets t
         where t.id = after and t.workflow_id = ticket.workflow_id and t.status = rank_next_to.status and logic.is_live(t);
        if low is null then
            return null;
        end if;
        high := (select min(t.rank) from tickets t
                  where t.workflow_id = ticket.workflow_id and t.status = rank_next_to.status and logic.is_live(t)
                    and t.rank > low and t.id <> ticket.id);
    else
        return null;
    end if;
    return logic.rank_between(low, high, ticket.number);
end
$$;
