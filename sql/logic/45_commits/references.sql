-- Tickets that commit messages refer to.

-- The numbers of the tickets that a commit message refers to (TKT-123), in order, each once. Numbers inside longer
-- words and inside URLs, which lead to other boards, do not count.
create function logic.commit_references(message text) returns bigint[] language sql immutable
begin atomic
    with
    -- The different words without punctuation around them; a branch name (TKT-123-login) is one word.
    words as (
        select upper(w.word) as word, min(w.place) as place
          from string_to_table(regexp_replace(regexp_replace(message, '[a-z][a-z0-9+.-]*://[^[:space:]]*', ' ', 'gi'),
                                              '[^[:alnum:]_-]+', ' ', 'g'), ' ') with ordinality w (word, place)
         group by 1
    )
    select coalesce(array_agg(r.number order by r.first), '{}')
      from (select substring(w.word from '^-*TKT-([0-9]{1,15})(?:-.*)?$')::bigint as number, min(w.place) as first
              from words w where w.word like '%TKT-%' group by 1) r
     where r.number is not null;
end;

-- The last part of a repository's URL or path, which is the same in every clone.
create function logic.repository_name(address text) returns text language sql immutable
begin atomic
    select lower(regexp_replace(regexp_replace(address, '(\.git)?[/\\]*$', ''), '^.*[/\\:]', ''));
end;

-- The workflows in which a caller that names none may link commits: those it may write in, or, if some of them show
-- the repository, only these.
create function logic.writable_commit_workflows(who logic.principal, repository text) returns text[] language sql stable
begin atomic
    with
    -- Workflows the caller may write in.
    mine as (
        select w.id, w.repository_path
          from workflow_members m join workflows w on w.id = m.workflow_id
         where m.actor_id = (who).actor_id and m.role <> 'viewer' and w.archived_at is null and w.ticket_tracking
    ),
    -- Those of them that show the repository.
    showing as (select mine.id from mine where logic.repository_name(mine.repository_path) = logic.repository_name(repository))
    select coalesce(array_agg(mine.id), '{}') from mine
     where mine.id in (select showing.id from showing) or not exists (select from showing);
end;

-- Rejects commits that break a rule, naming the entry and field.
create function logic.check_commits(commits jsonb) returns void language plpgsql immutable as $$
declare
    fault record;
begin
    if jsonb_array_length(commits) not between 1 and 100 then
        perform logic.fail_invalid('commits', 'must be 1 to 100 commits');
    end if;
    select c.place - 1 as at, f.field, f.rule into fault
      from jsonb_array_elements(commits) with ordinality c (commit, place)
     cross join lateral (values
        (1, 'sha', 'must be 4 to 64 hexadecimal digits', coalesce(c.commit ->> 'sha', '') ~* '^[0-9a-f]{4,64}$'),
        (2, 'message', 'must have at most 20000 characters', char_length(c.commit ->> 'message') <= 20000),
        (3, 'message', 'must name at most 20 tickets', char_length(c.commit ->> 'message') > 20000
            or cardinality(logic.commit_references(c.commit ->> 'message')) <= 20),
        (4, 'author', 'must have at most 200 characters', char_length(c.commit ->> 'author') <= 200),
        (5, 'url', 'must be an http or https address of at most 2000 characters',
            c.commit ->> 'url' ~ '^https?://[^[:space:][:cntrl:]]+$' and char_length(c.commit ->> 'url') <= 2000),
        (6, 'files', 'must have at most 1000 entries', jsonb_array_length(nullif(c.commit -> 'files', 'null')) <= 1000),
        (7, 'files_changed', 'must not be negative', (c.commit ->> 'files_changed')::bigint >= 0),
        (8, 'insertions', 'must not be negative', (c.commit ->> 'insertions')::bigint >= 0),
        (9, 'deletions', 'must not be negative', (c.commit ->> 'deletions')::bigint >= 0),
        (10, 'replaces', 'must be at most 100 ids of 4 to 64 hexadecimal digits',
            jsonb_array_length(nullif(c.commit -> 'replaces', 'null')) <= 100
            and not exists (select from jsonb_array_elements_text(case jsonb_typeof(c.commit -> 'replaces') when 'array' then c.commit -> 'replaces' else '[]' end) r (sha)
                             where r.sha !~* '^[0-9a-f]{4,64}$'))
     ) f (number, field, rule, holds)
     where not coalesce(f.holds, true)
     order by c.place, f.number limit 1;
    if found then
        perform logic.fail_invalid(format('commits[%s].%s', fault.at, fault.field), fault.rule);
    end if;
end
$$;

-- The tickets that commits refer to by `numbers`, one entry for each reference in order: {link, commit_sha,
-- ticket_id, ticket_key, workflow_id, reference, reason}. `workflows` are searched; a number that several of them
-- use means the ticket of `preferred`, or none. A reference to a merged ticket means its original.
create function logic.resolve_commit_references(commits jsonb, workflows text[], preferred text) returns jsonb language plpgsql stable as $$
declare
    resolved jsonb;
begin
    with
    -- Every reference of every commit, in order.
    referred as (
        select c.place, r.first, c.commit, lower(c.commit ->> 'sha') as sha, r.number::bigint as number
          from jsonb_array_elements(commits) with ordinality c (commit, place)
         cross join jsonb_array_elements_text(c.commit -> 'numbers') with ordinality r (number, first)
    ),
    -- The tickets with one of these numbers; for merged ones their originals.
    candidates as (
        select distinct n.number, coalesce(o.id, t.id) as ticket_id, t.workflow_id
          from (select distinct r.number from referred r) n
          join tickets t on t.number = n.number and t.workflow_id = any (workflows) and t.deleted_at is null
          left join tickets o on o.id = t.merged_into_ticket_id
         where t.merged_into_ticket_id is null or logic.is_live(o)
    ),
    -- For each number: how many candidates there are, which one is meant, and whether that is unambiguous.
    choices as (
        select c.number, count(*) as several,
               coalesce(min(c.ticket_id) filter (where c.workflow_id = preferred), min(c.ticket_id)) as ticket_id,
               count(*) = 1 or bool_or(c.workflow_id = preferred) as clear
          from candidates c group by c.number
    )
    select coalesce(jsonb_agg(jsonb_build_object(
                'link', r.commit - '{replaces,numbers}'::text[] || jsonb_build_object('sha', r.sha, 'ticket_id', t.id, 'workflow_id', t.workflow_id),
                'commit_sha', r.sha, 'ticket_id', t.id, 'ticket_key', 'TKT-' || t.number, 'workflow_id', t.workflow_id,
                'reference', 'TKT-' || r.number,
                'reason', case when t.id is not null then null when x.several > 1 then 'several_workflows' else 'not_found' end)
            order by r.place, r.first), '[]') into resolved
      from referred r
      left join choices x on x.number = r.number
      left join tickets t on t.id = x.ticket_id and x.clear;
    return resolved;
end
$$;

-- Unlinks commits that a rewritten one replaces where a reference had linked them, unless the new message is
-- ambiguous.
create function logic.unlink_replaced_commits(commits jsonb, resolved jsonb, workflows text[]) returns void language sql
begin atomic
    delete from ticket_commits m
     where m.link_method = 'reference' and m.workflow_id = any (workflows)
       and m.commit_sha in (select lower(r.sha) from jsonb_array_elements(commits) c
                             cross join jsonb_array_elements_text(case jsonb_typeof(c -> 'replaces') when 'array' then c -> 'replaces' else '[]' end) r (sha)
                             where lower(r.sha) <> lower(c ->> 'sha')
                               and not exists (select from jsonb_array_elements(resolved) a
                                                where a ->> 'commit_sha' = lower(c ->> 'sha') and a ->> 'reason' = 'several_workflows'));
end;

-- Links each commit to the tickets that its message refers to, among the tickets of `workflows`.
create function logic.link_commits(who logic.principal, commits jsonb, workflows text[], preferred text default null) returns jsonb
language plpgsql as $$
declare
    resolved jsonb;
    fresh jsonb;
begin
    perform logic.check_commits(commits);
    -- With the numbers of the tickets that each refers to, which take long to find in a long message.
    commits := (select coalesce(jsonb_agg(c.commit || jsonb_build_object('numbers', to_jsonb(logic.commit_references(c.commit ->> 'message'))) order by c.place), '[]')
                  from jsonb_array_elements(commits) with ordinality c (commit, place));
    -- Until the end, no referenced ticket is merged or deleted.
    perform logic.lock_workflow_streams((
        select array_agg(distinct t.workflow_id)
          from jsonb_array_elements(commits) c
         cross join jsonb_array_elements_text(c -> 'numbers') r (number)
          join tickets t on t.number = r.number::bigint and t.workflow_id = any (workflows)));
    resolved := logic.resolve_commit_references(commits, workflows, preferred);
    select coalesce(jsonb_object_agg(i.ticket || ' ' || i.sha, true), '{}') into fresh
      from logic.insert_commits(who, (
            select coalesce(jsonb_agg(m -> 'link'), '[]') from jsonb_array_elements(resolved) m where m ->> 'ticket_id' is not null),
            'reference') i;
    perform logic.unlink_replaced_commits(commits, resolved, workflows);
    return (
        select jsonb_build_object('success', true,
            'linked', coalesce(jsonb_agg(distinct l.link) filter (where l.is_new), '[]'),
            'already_linked', coalesce(jsonb_agg(distinct l.link) filter (where not l.is_new), '[]'),
            'unknown', coalesce(jsonb_agg(distinct l.unknown) filter (where l.is_new is null), '[]'),
            'message', case count(distinct l.link) filter (where l.is_new) when 0 then 'There was nothing new to link.' when 1 then 'Made one link.'
                else format('Made %s links.', count(distinct l.link) filter (where l.is_new)) end)
          from (select case when m ->> 'ticket_id' is not null then fresh ? concat(m ->> 'ticket_id', ' ', m ->> 'commit_sha') end as is_new,
                       m - '{link,reference,reason}'::text[] as link,
                       jsonb_build_object('commit_sha', m -> 'commit_sha', 'reference', m -> 'reference', 'reason', m -> 'reason') as unknown
                  from jsonb_array_elements(resolved) m) l);
end
$$;

-- The same inside one workflow, for a caller authorized there.
create function logic.link_commits_in_workflow(who logic.principal, commits jsonb, workflow text) returns jsonb language plpgsql as $$
begin
    perform logic.require_open_workflow(workflow);
    return logic.link_commits(who, commits, array[workflow]);
end
$$;

-- POST /api/internal/commits: links each commit to the tickets that its message refers to. Idempotent: a repeat
-- changes nothing and records no event. Without a workflow, a number means the ticket that the caller may write
-- to; if several of its workflows use it, the one of its default workflow, or none.
create function logic.link_referenced_commits(caller text, commits jsonb, workflow text default null, repository text default null)
returns jsonb language plpgsql as $$
declare
    who logic.principal := logic.identify_caller(caller);
    writable text[];
begin
    if workflow is not null then
        who := logic.authorize_principal(who, workflow, 'member');
        return logic.link_commits_in_workflow(who, commits, workflow);
    end if;
    perform logic.require_scope(who, 'write');
    perform logic.set_audit_actor(who);
    if char_length(repository) > 500 then
        perform logic.fail_invalid('repository', 'must have at most 500 characters');
    end if;
    writable := logic.writable_commit_workflows(who, repository);
    return logic.link_commits(who, commits, writable, (
        select d.workflow_id from default_workflows d where d.actor_id = who.actor_id and d.workflow_id = any (writable)));
end
$$;
