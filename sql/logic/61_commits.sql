-- Commits: which repository may be asked about a ticket's commit (see logic.commit_places).

create function logic.ticket_commit_places(caller text, ticket text, commit_sha text) returns jsonb language plpgsql as $$
declare
    tid text := logic.find_ticket(caller, ticket, 'viewer');
begin
    return logic.commit_places(caller, commit_sha, (select t.workflow_id from tickets t where t.id = tid));
end
$$;
