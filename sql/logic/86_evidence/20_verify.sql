-- Proving the chains, and their heads for checkpoints.

-- A part of a chain: rows from `first_seq` to `last_seq`, the hash before them and at their end, and the marks of each from
-- `marks_from` on.
create type logic.chain_block as (
    first_seq bigint, last_seq bigint, before_hash bytea, end_hash bytea, marks_from bigint, marks bytea
);

-- The first row of a block that is missing or was changed; null if there is none.
create function logic.find_broken_row(stream text, block logic.chain_block) returns bigint language sql stable
begin atomic
    with
    -- Each number of the block with the hash that its row gives now, if there is one.
    expected as (
        select n.seq, p.hash, substr(block.marks, ((n.seq - block.marks_from) * 4 + 1)::int, 4) as mark
          from generate_series(block.first_seq, block.last_seq) n (seq)
          left join logic.chain_part(stream, block.first_seq - 1, block.last_seq, block.before_hash) p on p.seq = n.seq
    )
    select coalesce(
        (select min(e.seq) from expected e where e.hash is null or substr(e.hash, 1, 4) <> e.mark),
        -- Every mark fits and the end does not: the last row, or the block itself.
        (select e.seq from expected e where e.seq = block.last_seq and e.hash <> block.end_hash));
end;

-- Checks up to `max_blocks` blocks of a chain after `after_seq`, which is the end of a block or 0. Returns where it ended, the
-- first broken row if there is one, whether the chain's end was reached, and then how many rows come after what was checked.
create function logic.verify_chain(stream text, after_seq bigint default 0, max_blocks int default 200) returns jsonb language plpgsql stable as $$
declare
    chain history_chains;
    block logic.chain_block;
    broken bigint;
    checked bigint;
    stored record;
    last_seq bigint;
    is_complete boolean;
begin
    select * into chain from history_chains c where c.stream_id = stream;
    select s.last_seq into last_seq from streams s where s.stream_id = stream;
    checked := greatest(after_seq, chain.cut_seq);
    block.before_hash := case when checked = chain.cut_seq then chain.cut_hash
                              else (select s.hash from history_seals s where s.stream_id = stream and s.last_seq = checked) end;
    for stored in
        select s.* from history_seals s where s.stream_id = stream and s.last_seq > checked order by s.last_seq limit max_blocks
    loop
        block := row(checked + 1, stored.last_seq, block.before_hash, stored.hash, stored.first_seq, stored.marks)::logic.chain_block;
        broken := logic.find_broken_row(stream, block);
        exit when broken is not null;
        checked := stored.last_seq;
        block.before_hash := stored.hash;
    end loop;
    if broken is null and checked >= chain.block_seq and checked < chain.sealed_seq then
        block := row(checked + 1, chain.sealed_seq, block.before_hash, chain.hash, chain.block_seq + 1, chain.marks)::logic.chain_block;
        broken := logic.find_broken_row(stream, block);
        if broken is null then
            checked := chain.sealed_seq;
        end if;
    end if;
    is_complete := broken is not null or checked >= chain.sealed_seq;
    return jsonb_build_object('checked', checked, 'broken', broken, 'sealed', chain.sealed_seq, 'is_complete', is_complete,
        'after', case when is_complete then (select count(*) from history h where h.stream_id = stream and h.seq > checked) else 0 end,
        -- Rows that were chained and whose numbers the stream no longer has.
        'is_rolled_back', coalesce(chain.sealed_seq > last_seq, true));
end
$$;

-- The end of each chain, in the order of streams, after `after_stream`: for checkpoints and exports.
create function logic.list_chains(after_stream text default '', max_rows int default 1000, workflow text default null) returns jsonb language sql stable
begin atomic
    select coalesce(jsonb_agg(jsonb_build_object('stream', p.stream_id, 'cut_seq', p.cut_seq, 'cut_hash', encode(p.cut_hash, 'hex'),
                                                 'seq', p.sealed_seq, 'hash', encode(p.hash, 'hex')) order by p.stream_id), '[]')
      from (select c.* from history_chains c
             where c.stream_id > after_stream
               and (list_chains.workflow is null
                    or exists (select from streams s where s.stream_id = c.stream_id and s.workflow_id = list_chains.workflow))
             order by c.stream_id limit max_rows) p;
end;

-- The hash of a chain at a number, as hexadecimal digits; null if the rows there were pruned or are gone.
create function logic.get_chain_hash(stream text, at_seq bigint) returns text language sql stable
begin atomic
    select encode(logic.chain_hash_at(stream, at_seq), 'hex');
end;

-- Whether the kept part of a chain begins after a number.
create function logic.is_chain_cut(stream text, at_seq bigint) returns boolean language sql stable
begin atomic
    select exists (select from history_chains c where c.stream_id = stream and c.cut_seq > at_seq);
end;

-- Lines of a stream for an export, after a number.
create function logic.export_history_lines(stream text, after_seq bigint, up_to bigint, max_rows int) returns jsonb language sql stable
begin atomic
    select coalesce(jsonb_agg(p.line order by p.seq), '[]')
      from (select h.seq, logic.history_line(h) as line from history h
             where h.stream_id = stream and h.seq > after_seq and h.seq <= up_to
             order by h.seq limit max_rows) p;
end;

-- How far the chains are: rows that are not chained yet, at most, and whether the rows of before the upgrade are.
create function logic.get_sealing_progress() returns jsonb language sql stable
begin atomic
    select jsonb_build_object(
        'streams_behind', (select count(*) from history_chains c where c.is_behind),
        'is_filled', (select s.is_filled from history_sealing s));
end;

-- The key that signs checkpoints. The first caller creates it.
create function logic.ensure_checkpoint_key(new_kid text, new_secret bytea) returns jsonb language plpgsql as $$
begin
    if not exists (select from checkpoint_keys) then
        perform pg_advisory_xact_lock(logic.lock_key('signing_keys'));
        insert into checkpoint_keys (kid, secret)
        select new_kid, new_secret where not exists (select from checkpoint_keys);
    end if;
    return (select jsonb_build_object('kid', k.kid, 'secret', encode(k.secret, 'hex'))
              from checkpoint_keys k order by k.created_at desc, k.kid limit 1);
end
$$;
