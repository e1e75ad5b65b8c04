-- Which repositories may be read to show a commit.

-- Repositories of workflows the caller can read, those that link the commit first, at most 20. Returns
-- [{workflow_id, repository_path, agent_id}]. Not `language sql`, where Postgres 16 and 17 plan without the values: LIKE
-- uses the index of SHAs only if its prefix is known.
create function logic.repositories_with_commit(who logic.principal, commit_sha text, workflow text default null) returns jsonb
language plpgsql stable as $$
begin
    return coalesce((
        select jsonb_agg(jsonb_build_object('workflow_id', p.id, 'repository_path', p.repository_path, 'agent_id', p.agent_id)
                         order by p.linked desc, p.id)
          from (
            select w.id, w.repository_path, l.agent_id, l.agent_id is not null as linked
              from workflows w
              left join workflow_members m on m.workflow_id = w.id and m.actor_id = who.actor_id
              left join lateral (
                    select c.agent_id from ticket_commits c
                     where c.workflow_id = w.id and c.commit_sha like lower(repositories_with_commit.commit_sha) || '%' limit 1
              ) l on true
             where w.repository_path is not null and (who.is_admin or m.role is not null)
               and (repositories_with_commit.workflow is null or w.id = repositories_with_commit.workflow)
             order by l.agent_id is null, w.id
             limit 20) p), '[]');
end
$$;

-- The same for a caller, in all of its workflows or one.
create function logic.find_commit_repositories(caller text, commit_sha text, workflow text default null) returns jsonb language plpgsql as $$
declare
    who logic.principal := logic.identify_caller(caller);
begin
    perform logic.require_scope(who, 'read');
    if workflow is not null then
        who := logic.authorize_principal(who, workflow, 'viewer');
    end if;
    return logic.repositories_with_commit(who, commit_sha, workflow);
end
$$;

-- The same for a commit of a ticket, in the ticket's workflow.
create function logic.find_ticket_commit_repositories(caller text, ticket text, commit_sha text) returns jsonb language plpgsql as $$
declare
    access constant logic.ticket_access := logic.authorize_ticket(caller, ticket, 'viewer');
begin
    return logic.repositories_with_commit(access.who, commit_sha, access.workflow_id);
end
$$;
