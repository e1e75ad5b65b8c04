-- The hash chain of a stream: hash(n) = sha256(hash(n - 1) || line(n)). It begins with the hash of the stream's id.

-- The line of a row of history, as chains hash it and exports hold it: a JSON array of all its columns but `xid`, which means
-- nothing in another database.
create function logic.history_line(of_row history) returns text language sql stable
begin atomic
    select jsonb_build_array(of_row.stream_id, of_row.seq, of_row.workflow_id, of_row.ticket_id, of_row.job_id, of_row.change_type,
        of_row.field_name, of_row.old_value, of_row.new_value, of_row.change_description, of_row.metadata, of_row.actor_id,
        of_row.on_behalf_of, to_char(of_row.changed_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'))::text;
end;

-- The hash that a stream's chain begins with.
create function logic.chain_start(stream text) returns bytea language sql immutable
begin atomic
    select sha256(convert_to(stream, 'UTF8'));
end;

-- The hash after a line; `first_hash` is the hash before the first one.
create function logic.chain_step(state bytea, first_hash bytea, line text) returns bytea language sql immutable
begin atomic
    select sha256(coalesce(state, first_hash) || convert_to(line, 'UTF8'));
end;

-- The hash after all lines, in their order. Over a window it is the hash at each line.
create aggregate logic.chain_hash(first_hash bytea, line text) (sfunc = logic.chain_step, stype = bytea);

-- The rows of a part of a stream with the hash at each, if `first_hash` is the hash before the first one.
create function logic.chain_part(stream text, after_seq bigint, up_to bigint, first_hash bytea)
returns table (seq bigint, hash bytea) language sql stable
begin atomic
    select r.seq, logic.chain_hash(first_hash, r.line) over (order by r.seq)
      from (select h.seq, logic.history_line(h) as line
              from history h
             where h.stream_id = stream and h.seq > after_seq and h.seq <= up_to) r;
end;
