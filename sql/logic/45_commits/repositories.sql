-- Which repositories may be read to show a commit.

-- The commit that an id means among those linked to tickets of a workflow: an abbreviation of exactly one of them, or one
-- that a link abbreviates. Links of fewer than 7 digits count for nothing, because they can be guessed; null if there is none
-- or several.
create function logic.linked_commit(workflow text, commit_sha text) returns text language plpgsql stable as $$
declare
    wanted constant text := lower(linked_commit.commit_sha);
    found_ids text[];
    longest text;
begin
    select array_agg(distinct c.commit_sha) into found_ids
      from ticket_commits c
     where c.workflow_id = linked_commit.workflow and length(c.commit_sha) >= 7
       and (c.commit_sha like wanted || '%'
            or c.commit_sha = any (array(select left(wanted, n) from generate_series(7, length(wanted)) n)));
    if found_ids is null then
        return null;
    end if;
    -- One commit is meant if every id abbreviates the longest.
    select x.id into longest from unnest(found_ids || wanted) x (id) order by length(x.id) desc, x.id limit 1;
    return case when not exists (select from unnest(found_ids) x (id) where not starts_with(longest, x.id)) then longest end;
end
$$;

-- Repositories of workflows the caller can read, those that link the commit first, at most 20. Owners may look any commit
-- up, others only those linked to a ticket, without the ids of their parents, which would lead to all the others. Returns
-- [{workflow_id, repository_path, agent_id, commit_sha, shows_parents}]; `commit_sha` is the id to look up. Not `language sql`, where Postgres 16 and 17 plan without the values: LIKE uses the index of SHAs only if its
-- prefix is known.
create function logic.repositories_with_commit(who logic.principal, commit_sha text, workflow text default null) returns jsonb
language plpgsql stable as $$
begin
    return coalesce((
        select jsonb_agg(jsonb_build_object('workflow_id', p.id, 'repository_path', p.repository_path, 'agent_id', p.agent_id,
                                            'commit_sha', p.wanted, 'shows_parents', p.is_owner) order by p.linked desc, p.id)
          from (
            select w.id, w.repository_path, l.agent_id, l.agent_id is not null as linked, f.wanted,
                   (who.is_admin or coalesce(m.role, '') = 'owner') as is_owner
              from workflows w
              left join workflow_members m on m.workflow_id = w.id and m.actor_id = who.actor_id
              left join lateral (
                    select c.agent_id from ticket_commits c
                     where c.workflow_id = w.id and c.commit_sha like lower(repositories_with_commit.commit_sha) || '%' limit 1
              ) l on true
             cross join lateral (
                    select case when who.is_admin or m.role = 'owner' then lower(repositories_with_commit.commit_sha)
                                else logic.linked_commit(w.id, repositories_with_commit.commit_sha) end as wanted
              ) f
             where w.repository_path is not null and (who.is_admin or m.role is not null) and f.wanted is not null
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

-- The repository that completes the data of a commit which a member links to a ticket. Members must know at least 7 digits of
-- its id, so that linking reveals no commit by guessing.
create function logic.find_ticket_commit_repositories(caller text, ticket text, commit_sha text) returns jsonb language plpgsql as $$
declare
    access constant logic.ticket_access := logic.authorize_ticket(caller, ticket, 'viewer');
    who constant logic.principal := access.who;
begin
    return coalesce((
        select jsonb_agg(jsonb_build_object('workflow_id', w.id, 'repository_path', w.repository_path))
          from workflows w
         where w.id = access.workflow_id and w.repository_path is not null
           and (who.role = 'owner' or length(find_ticket_commit_repositories.commit_sha) >= 7)), '[]');
end
$$;
