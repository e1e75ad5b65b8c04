-- Reading a report of usage: its numbers, its money, and what a total adds to the last one.

-- A report as it was given, checked.
create type logic.usage_input as (
    model text, input_tokens bigint, output_tokens bigint, cache_read_tokens bigint, cache_write_tokens bigint, cost numeric, currency text,
    report_id text, session text, cumulative text
);

-- How many reports an attempt of a job takes, and a ticket without a job.
create function logic.max_usage_reports(of_job boolean) returns bigint language sql immutable parallel safe
begin atomic
    select case when of_job then 1000 else 10000 end::bigint;
end;

-- A number of tokens; null for none.
create function logic.read_token_count(report jsonb, field text) returns bigint language plpgsql immutable as $$
declare
    given constant jsonb := nullif(report -> field, 'null');
    number numeric;
begin
    if jsonb_typeof(given) = 'number' then
        number := given::numeric;
    end if;
    if given is not null and (number is null or number <> trunc(number) or number not between 0 and 1000000000000) then
        perform logic.fail_invalid(field, 'must be a whole number from 0 to 1000000000000');
    end if;
    return number::bigint;
end
$$;

-- An amount of money, a number or a decimal text; null for none.
create function logic.read_amount(report jsonb, field text) returns numeric language plpgsql immutable as $$
declare
    given constant text := report ->> field;
    number numeric;
begin
    if given is null then
        return null;
    end if;
    -- A text only in this form: a cast takes NaN, Infinity and underscores too.
    if jsonb_typeof(report -> field) = 'number' then
        -- From a binary number, so it may have more digits than somebody wrote.
        number := trim_scale(round(given::numeric, 12));
    elsif given ~ '^[0-9]{1,12}(\.[0-9]{1,30})?$' then
        number := trim_scale(given::numeric);
    end if;
    if number is null or number not between 0 and 1000000000 or scale(number) > 12 then
        perform logic.fail_invalid(field, 'must be a decimal number from 0 to 1000000000 with at most 12 digits after the point, like 0.0125');
    end if;
    return number;
end
$$;

-- A text without whitespace at its ends; null for none or an empty one.
create function logic.read_usage_text(report jsonb, field text) returns text language plpgsql immutable as $$
declare
    given constant text := nullif(logic.trim_whitespace(report ->> field), '');
begin
    if jsonb_typeof(report -> field) not in ('string', 'null') or char_length(given) > 200 then
        perform logic.fail_invalid(field, 'must be a text of at most 200 characters');
    end if;
    return given;
end
$$;

-- The report, or the error that names its field.
create function logic.read_usage(report jsonb) returns logic.usage_input language plpgsql immutable as $$
declare
    input logic.usage_input;
    unknown text;
begin
    if jsonb_typeof(report) is distinct from 'object' then
        perform logic.fail_invalid('report', 'must be an object');
    end if;
    select k into unknown from jsonb_object_keys(report) k
     where k <> all ('{model,input_tokens,output_tokens,cache_read_tokens,cache_write_tokens,cost,currency,report_id,session,cumulative}') limit 1;
    if unknown is not null then
        perform logic.fail_invalid(unknown, 'is not a field of a usage report');
    end if;
    input := row(
        logic.read_usage_text(report, 'model'),
        logic.read_token_count(report, 'input_tokens'), logic.read_token_count(report, 'output_tokens'),
        logic.read_token_count(report, 'cache_read_tokens'), logic.read_token_count(report, 'cache_write_tokens'),
        logic.read_amount(report, 'cost'), upper(logic.read_usage_text(report, 'currency')),
        logic.read_usage_text(report, 'report_id'), logic.read_usage_text(report, 'session'),
        coalesce(logic.read_usage_text(report, 'cumulative'), 'none'))::logic.usage_input;
    if input.currency !~ '^[A-Z]{3}$' then
        perform logic.fail_invalid('currency', 'must be the three letters of a currency (ISO 4217), like USD');
    elsif input.cost is not null and input.currency is null then
        perform logic.fail_invalid('currency', 'is required with cost');
    elsif input.cost is null and input.currency is not null then
        perform logic.fail_invalid('cost', 'is required with currency');
    elsif num_nonnulls(input.input_tokens, input.output_tokens, input.cache_read_tokens, input.cache_write_tokens, input.cost) = 0 then
        perform logic.fail_invalid('input_tokens', 'or another number of tokens, or cost must be given; leave out what is not known');
    elsif input.cumulative not in ('none', 'cost', 'all') then
        perform logic.fail_invalid('cumulative', 'must be one of none, cost, all');
    elsif input.cumulative <> 'none' and input.session is null then
        perform logic.fail_invalid('session', 'is required with cumulative: it names what the totals belong to');
    end if;
    return input;
end
$$;

-- What a total adds to the last one. A total below the last one begins a new count.
create function logic.usage_increment(last numeric, total numeric) returns numeric language sql immutable parallel safe
begin atomic
    select case when total < last then total else total - coalesce(last, 0) end;
end;

-- Replaces the totals in a report by what they add to the last ones of their session, which become these. `is_new` is false
-- for totals that add nothing.
create function logic.add_session_usage(subject text, workflow text, inout input logic.usage_input, out is_new boolean) language plpgsql as $$
declare
    tokens constant boolean := input.cumulative = 'all';
    given constant logic.usage_input := input;
    last usage_sessions;
begin
    select * into last from usage_sessions s
     where s.subject = add_session_usage.subject and s.session = given.session for no key update;
    if last.currency <> given.currency then
        perform logic.fail_invalid('currency', format('must be %s, as in the last total of this session', last.currency));
    end if;
    input.cost := logic.usage_increment(last.cost, given.cost);
    if tokens then
        input.input_tokens := logic.usage_increment(last.input_tokens, given.input_tokens);
        input.output_tokens := logic.usage_increment(last.output_tokens, given.output_tokens);
        input.cache_read_tokens := logic.usage_increment(last.cache_read_tokens, given.cache_read_tokens);
        input.cache_write_tokens := logic.usage_increment(last.cache_write_tokens, given.cache_write_tokens);
    end if;
    is_new := last.session is null or coalesce(greatest(input.input_tokens, input.output_tokens, input.cache_read_tokens,
                                                       input.cache_write_tokens, input.cost), 0) > 0;
    insert into usage_sessions as s (subject, session, workflow_id, input_tokens, output_tokens, cache_read_tokens, cache_write_tokens, cost, currency)
    values (add_session_usage.subject, given.session, workflow, case when tokens then given.input_tokens end,
            case when tokens then given.output_tokens end, case when tokens then given.cache_read_tokens end,
            case when tokens then given.cache_write_tokens end, given.cost, given.currency)
    on conflict on constraint usage_sessions_pkey do update set
        input_tokens = coalesce(excluded.input_tokens, s.input_tokens), output_tokens = coalesce(excluded.output_tokens, s.output_tokens),
        cache_read_tokens = coalesce(excluded.cache_read_tokens, s.cache_read_tokens),
        cache_write_tokens = coalesce(excluded.cache_write_tokens, s.cache_write_tokens),
        cost = coalesce(excluded.cost, s.cost), currency = coalesce(excluded.currency, s.currency);
end
$$;
