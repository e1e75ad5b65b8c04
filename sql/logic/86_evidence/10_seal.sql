-- Chaining rows of history soon after their commit, in blocks of 512 rows.
--
-- Rows of a stream become visible in the order of their numbers, so a chain always covers a beginning of its stream.

-- Chains up to `max_rows` rows of a stream; returns how many. Fewer than `max_rows`: nothing is left. It stops where a number is
-- missing.
create function logic.seal_stream(stream text, max_rows int) returns int language plpgsql as $$
declare
    chain history_chains;
    block record;
    sealed bigint := 0;
begin
    select * into chain from history_chains c where c.stream_id = stream for update;
    if not found then
        return 0;
    end if;
    for block in
        with
        -- The next rows, without those beyond a missing number.
        next_rows as materialized (
            select r.seq, r.line
              from (select h.seq, logic.history_line(h) as line, row_number() over (order by h.seq) as nth
                      from (select * from history x where x.stream_id = stream and x.seq > chain.sealed_seq
                             order by x.seq limit max_rows) h) r
             where r.seq = chain.sealed_seq + r.nth
        ),
        -- Each with the hash of the chain at it.
        hashed as (
            select n.seq, logic.chain_hash(chain.hash, n.line) over (order by n.seq) as hash from next_rows n
        )
        select max(h.seq) as last_seq, count(*) as size, (array_agg(h.hash order by h.seq desc))[1] as hash,
               string_agg(substr(h.hash, 1, 4), ''::bytea order by h.seq) as marks
          from hashed h
         group by (h.seq - 1) / 512
         order by 1
    loop
        sealed := sealed + block.size;
        chain.sealed_seq := block.last_seq;
        chain.hash := block.hash;
        chain.marks := chain.marks || block.marks;
        if chain.sealed_seq % 512 = 0 then
            insert into history_seals (stream_id, last_seq, first_seq, hash, marks)
            values (stream, chain.sealed_seq, chain.block_seq + 1, chain.hash, chain.marks);
            chain.block_seq := chain.sealed_seq;
            chain.block_hash := chain.hash;
            chain.marks := '';
        end if;
    end loop;
    update history_chains c
       set block_seq = chain.block_seq, block_hash = chain.block_hash, sealed_seq = chain.sealed_seq, hash = chain.hash,
           marks = chain.marks, is_behind = sealed >= max_rows
     where c.stream_id = stream and (sealed > 0 or c.is_behind);
    return sealed;
end
$$;

-- Makes chains exist, and marks them as behind.
create function logic.expect_seals(streams text[]) returns void language plpgsql as $$
begin
    insert into history_chains as c (stream_id, cut_seq, cut_hash, block_seq, block_hash, sealed_seq, hash)
    select s.stream_id, s.pruned_seq, b.hash, s.pruned_seq, b.hash, s.pruned_seq, b.hash
      from streams s cross join lateral (select logic.chain_start(s.stream_id) as hash) b
     where s.stream_id = any (streams)
     order by s.stream_id
    on conflict (stream_id) do update set is_behind = true where not c.is_behind;
end
$$;

-- Chains up to `max_rows` rows that were committed since the last call, and those of a database of before there were chains.
-- Returns how many; fewer than `max_rows`: nothing is left for now. Several servers may call it: one of them works. Without
-- `enable_seqscan`, no plan reads all of history because it expects a third of it.
create function logic.seal_history(max_rows int default 5000) returns int language plpgsql set enable_seqscan = off as $$
declare
    sealing history_sealing;
    changed text[];
    reached pg_snapshot;
    stream text;
    left_rows int := max_rows;
begin
    select * into sealing from history_sealing for update skip locked;
    if not found then
        return 0;
    end if;
    -- As in sql/queries/history/tail.sql: what became visible since the snapshot.
    select array_agg(distinct h.stream_id), pg_current_snapshot() into changed, reached
      from history h
     where h.xid >= pg_snapshot_xmax(sealing.snapshot) or h.xid = any (array(select pg_snapshot_xip(sealing.snapshot)));
    if changed is not null then
        perform logic.expect_seals(changed);
    end if;
    if not sealing.is_filled then
        select array_agg(p.stream_id) into changed
          from (select s.stream_id from streams s where s.stream_id > sealing.filled_to order by s.stream_id limit 200) p;
        perform logic.expect_seals(changed);
        sealing.is_filled := changed is null;
        sealing.filled_to := coalesce(changed[cardinality(changed)], sealing.filled_to);
    end if;
    update history_sealing set snapshot = reached, filled_to = sealing.filled_to, is_filled = sealing.is_filled;
    for stream in
        select c.stream_id from history_chains c where c.is_behind order by c.stream_id limit max_rows
    loop
        left_rows := left_rows - logic.seal_stream(stream, left_rows);
        exit when left_rows <= 0;
    end loop;
    return max_rows - left_rows;
end
$$;

-- Chains a stream up to a number at least, before rows are pruned.
create function logic.seal_up_to(stream text, up_to bigint) returns void language plpgsql as $$
begin
    perform logic.expect_seals(array[stream]);
    while (select c.sealed_seq < up_to from history_chains c where c.stream_id = stream) loop
        exit when logic.seal_stream(stream, 5000) = 0;
    end loop;
end
$$;

-- The hash of a chain at a number: from the nearest block before it, and the rows since. Null outside of the kept part.
create function logic.chain_hash_at(stream text, at_seq bigint) returns bytea language plpgsql stable as $$
declare
    base record;
    found_hash bytea;
    found_seq bigint;
begin
    select b.seq, b.hash into base
      from (select c.cut_seq as seq, c.cut_hash as hash from history_chains c where c.stream_id = stream
            union all
            select s.last_seq, s.hash from history_seals s
             where s.stream_id = stream and s.last_seq <= at_seq and s.last_seq > at_seq - 512) b
     where b.seq <= at_seq
     order by b.seq desc limit 1;
    if not found then
        return null;
    elsif base.seq = at_seq then
        return base.hash;
    end if;
    select p.seq, p.hash into found_seq, found_hash
      from logic.chain_part(stream, base.seq, at_seq, base.hash) p order by p.seq desc limit 1;
    return case when found_seq = at_seq then found_hash end;
end
$$;

-- Moves the beginning of a chain to where the pruned part of its stream ends, keeping the hash there, so that what remains can
-- still be proved, and proved to follow what was removed.
create function logic.cut_chain(stream text, up_to bigint) returns void language plpgsql as $$
declare
    hash_there constant bytea := logic.chain_hash_at(stream, up_to);
begin
    if hash_there is null then
        return;
    end if;
    update history_chains c set cut_seq = up_to, cut_hash = hash_there where c.stream_id = stream and c.cut_seq < up_to;
    delete from history_seals s where s.stream_id = stream and s.last_seq <= up_to;
end
$$;
