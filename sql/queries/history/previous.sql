-- The previous sequence number in the room of a ticket, for several at once; 0 for the first event.
-- $1 text[]: ticket ids · $2 bigint[]: their seqs
select u.ticket_id, u.seq,
       coalesce((select p.seq from history p where p.ticket_id = u.ticket_id and p.stream_id like 'workflow:%' and p.seq < u.seq
                  order by p.seq desc limit 1), 0) as prev
  from unnest($1::text[], $2::bigint[]) u (ticket_id, seq)
