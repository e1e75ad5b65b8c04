-- Which background work is due, for all tasks of a server in one statement: {"due": [names], "models": text}. Each part reads
-- the first entry of an index, or the list of sessions. `models` changes when an embedding model is added, promoted or removed.
create function logic.find_due_work() returns jsonb language sql stable
begin atomic
    select jsonb_build_object(
        'due', to_jsonb(array_remove(array[
            case when exists (select from webhooks w join streams s on s.stream_id = 'workflow:' || w.workflow_id
                               where logic.is_webhook_due(w, s)) then 'webhooks' end,
            case when exists (select from jobs j where j.lease_expires_at <= now())
                   or exists (select from ticket_claims c where c.expires_at <= now()) then 'leases' end,
            case when exists (select from logic.overdue_approvals) then 'approvals' end,
            case when exists (select from search_match_queue)
                   or exists (select from logic.searches_without_vector) then 'search_matches' end,
            case when exists (select from embedding_models m where m.state in ('building', 'retired'))
                   or exists (select from embedding_models m join embedding_queue q on q.model_id = m.id
                               where m.state = 'serving' and q.not_before <= now()) then 'embeddings' end,
            case when exists (select from history_chains c where c.is_behind)
                   or exists (select from history_sealing s
                               where not s.is_filled
                                  -- The newest row, by the index: a condition on `xid` would be planned as a scan.
                                  or (select h.xid from history h order by h.xid desc limit 1) >= pg_snapshot_xmax(s.snapshot)
                                  or exists (select from history h where h.xid = any (array(select pg_snapshot_xip(s.snapshot))))) then 'seals' end,
            case when exists (select from finding_checks c where c.next_at <= now()) then 'findings' end,
            case when exists (select from pg_stat_get_activity(null) a join pg_roles r on r.oid = a.usesysid where r.rolname ~ '^callboard_(reporting$|analyst_)') then 'reporting_sessions' end
        ], null)),
        'models', coalesce((select string_agg(m.id || m.state, ' ' order by m.id) from embedding_models m), ''));
end;
