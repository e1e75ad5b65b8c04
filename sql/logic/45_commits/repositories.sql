-- Commits: which repository may be asked about a ticket's commit (see logic.find_commit_repositories).

-- Where a commit may be looked up: repositories of workflows the caller can read, those that link the
-- commit first. Answers [{workflow_id, repository_path, agent_id}].
create function logic.find_commit_repositories(caller text, commit_sha text, workflow text default null) returns jsonb language plpgsql as $$
declare
    who logic.principal := logic.identify_caller(caller);
begin
    perform logic.require_scope(who, 'read');
    if workflow is not null then
        perform logic.authorize(caller, workflow, 'viewer');
    end if;
    return coalesce((
        select jsonb_agg(jsonb_build_object('workflow_id', p.id, 'repository_path', p.repository_path, 'agent_id', p.agent_id)
                         order by p.linked desc, p.id)
          from (
            select w.id, w.repository_path, l.agent_id, l.agent_id is not null as linked
              from workflows w
              left join workflow_members m on m.workflow_id = w.id and m.actor_id = who.actor_id
              left join lateral (
                    select c.agent_id from ticket_commits c
                     where c.workflow_id = w.id and c.commit_sha like lower(find_commit_repositories.commit_sha) || '%' limit 1
              ) l on true
             where w.repository_path is not null and (who.is_admin or m.role is not null)
               and (find_commit_repositories.workflow is null or w.id = find_commit_repositories.workflow)
             order by l.agent_id is null, w.id
             limit 20) p), '[]');
end
$$;

create function logic.find_ticket_commit_repositories(caller text, ticket text, commit_sha text) returns jsonb language plpgsql as $$
declare
    tid text := logic.authorize_ticket(caller, ticket, 'viewer');
begin
    return logic.find_commit_repositories(caller, commit_sha, (select t.workflow_id from tickets t where t.id = tid));
end
$$;
