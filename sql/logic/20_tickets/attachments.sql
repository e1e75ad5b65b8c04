-- What comments and commit links of a ticket have in common: counts, and moving to another ticket.

-- The number of comments of a ticket that are not deleted.
create function logic.comment_count(ticket text) returns bigint language sql stable
begin atomic
    select count(*) from ticket_comments c where c.ticket_id = comment_count.ticket and c.deleted_at is null;
end;

-- History rows for comments or commit links that moved from one ticket to another: one for each of the two tickets.
create function logic.attachment_moved_changes(change text, field text, moves jsonb) returns jsonb language sql stable
begin atomic
    select jsonb_agg(jsonb_build_object(
            'workflow_id', s.workflow_id, 'ticket_id', s.ticket_id, 'change_type', change, 'field_name', field,
            'old_value', s.source, 'new_value', s.target,
            'description', format('%s %s %s TKT-%s.', s.n, split_part(change, '_', 1),
                case when s.ticket_id = s.target then 'came from' else 'went to' end, t.number),
            'metadata', jsonb_build_object('from', logic.ticket_reference_json(s.source), 'to', logic.ticket_reference_json(s.target),
                'changes', jsonb_build_object(field, case field
                    when 'comment_count' then logic.comment_count(s.ticket_id)
                    else (select count(*) from ticket_commits m where m.ticket_id = s.ticket_id) end)))
            order by s.source, s.target, s.ticket_id)
      from (select m.workflow_id, m."from" as source, m."to" as target, side.ticket_id, count(*) as n
              from jsonb_to_recordset(moves) m (workflow_id text, "from" text, "to" text)
              cross join lateral (values (m."from"), (m."to")) side (ticket_id)
             group by 1, 2, 3, 4) s
      join tickets t on t.id = case when s.ticket_id = s.target then s.source else s.target end;
end;
