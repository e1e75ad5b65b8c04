-- Commit links: writing them, and their JSON.

-- A commit link as answers and events show it.
create function logic.commit_json(id text) returns jsonb language sql stable
begin atomic
    select jsonb_build_object(
        'commit_sha', m.commit_sha, 'commit_message', m.commit_message, 'commit_timestamp', m.commit_timestamp,
        'author', m.author, 'url', m.url,
        'files_changed', m.files_changed, 'insertions', m.insertions, 'deletions', m.deletions,
        'files_list', m.files_list, 'agent_id', m.agent_id, 'link_method', m.link_method, 'linked_at', m.linked_at)
      from ticket_commits m where m.id = commit_json.id;
end;

-- Links commits to tickets and returns the links that are new; every link is written here. Each element of `links`
-- names ticket_id, workflow_id and sha, and optionally {message, timestamp, author, url, files_changed,
-- insertions, deletions, files}. A commit that is linked already, also under a shorter or longer SHA, is skipped.
create function logic.insert_commits(who logic.principal, links jsonb, method text) returns table (ticket text, sha text) language plpgsql as $$
begin
    if exists (select from jsonb_array_elements(links) l where l ->> 'sha' !~ '^[0-9a-f]{4,64}$') then
        perform logic.fail_invalid('commit_sha', 'must be 4 to 64 hexadecimal digits');
    end if;
    perform logic.lock_workflow_streams((select array_agg(distinct l ->> 'workflow_id') from jsonb_array_elements(links) l));
    return query
    insert into ticket_commits (id, ticket_id, workflow_id, agent_id, commit_sha, commit_message, commit_timestamp, author, url,
                                files_changed, insertions, deletions, files_list, link_method)
    select logic.new_id('tc'), l ->> 'ticket_id', l ->> 'workflow_id', logic.effective_actor_id(who), l ->> 'sha', coalesce(l ->> 'message', ''),
           coalesce((l ->> 'timestamp')::timestamptz, now()), l ->> 'author', l ->> 'url',
           (l ->> 'files_changed')::bigint, (l ->> 'insertions')::bigint, (l ->> 'deletions')::bigint,
           array(select f.path from jsonb_array_elements_text(case jsonb_typeof(l -> 'files') when 'array' then l -> 'files' else '[]' end) f (path) limit 1000),
           method
      from (select e.link as l, e.place from jsonb_array_elements(links) with ordinality e (link, place)
             where not exists (
                select from ticket_commits m
                 where m.ticket_id = e.link ->> 'ticket_id' and length(m.commit_sha) >= 7 and length(e.link ->> 'sha') >= 7
                   and (starts_with(m.commit_sha, e.link ->> 'sha') or starts_with(e.link ->> 'sha', m.commit_sha)))
             order by e.place) fresh
    on conflict on constraint ticket_commits_once do nothing
    returning ticket_id, commit_sha;
end
$$;

-- Links one commit; `git` is its data from the repository, if there is one (see logic.insert_commits).
create function logic.insert_commit(who logic.principal, ticket text, workflow text, commit_sha text, git jsonb default null, method text default 'manual')
returns boolean language plpgsql as $$
begin
    return exists (select from logic.insert_commits(who, jsonb_build_array(coalesce(git, '{}') || jsonb_build_object('ticket_id', ticket,
        'workflow_id', workflow, 'sha', lower(coalesce(git ->> 'sha', logic.trim_whitespace(commit_sha))))), method));
end
$$;

-- POST /api/tickets/link-commit
create function logic.link_commit(caller text, ticket text, commit_sha text, commit_message text default null, git jsonb default null)
returns jsonb language plpgsql as $$
declare
    access constant logic.ticket_access := logic.authorize_ticket(caller, ticket, 'member');
    fresh boolean;
begin
    perform logic.require_open_workflow(access.workflow_id);
    fresh := logic.insert_commit(access.who, access.ticket_id, access.workflow_id, commit_sha,
        coalesce(git, '{}') || case when nullif(logic.trim_whitespace(commit_message), '') is null then '{}'::jsonb
                                    else jsonb_build_object('message', commit_message) end);
    return jsonb_build_object('success', true, 'ticket_id', access.ticket_id, 'commit_sha', lower(coalesce(git ->> 'sha', logic.trim_whitespace(commit_sha))),
        'message', case when fresh then 'Linked the commit.' else 'This commit is linked already.' end);
end
$$;
