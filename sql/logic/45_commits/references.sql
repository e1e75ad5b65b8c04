-- Tickets that commit messages refer to.

-- The numbers of the tickets that a commit's message refers to (TKT-123), in order, each once. Not inside
-- longer words, and not inside addresses, which lead to other boards.
create function logic.commit_references(message text) returns bigint[] language sql immutable
begin atomic
    with
    -- The words without what stands around them; names of branches (TKT-123-login) are one.
    words as (
        select upper(w.word) as word, w.place
          from string_to_table(regexp_replace(regexp_replace(message, '[a-z][a-z0-9+.-]*://[^[:space:]]*', ' ', 'gi'),
                                              '[^[:alnum:]_-]+', ' ', 'g'), ' ') with ordinality w (word, place)
    )
    select coalesce(array_agg(r.number order by r.first), '{}')
      from (select substring(w.word from '^-*TKT-([0-9]{1,15})(?:-.*)?$')::bigint as number, min(w.place) as first
              from words w where w.word like '%TKT-%' group by 1) r
     where r.number is not null;
end;

-- The last part of a repository's address or path: that much of its name survives cloning.
create function logic.repository_name(address text) returns text language sql immutable
begin atomic
    select lower(regexp_replace(regexp_replace(address, '(\.git)?[/\\]*$', ''), '^.*[/\\:]', ''));
end;

-- The workflows in which a caller who names none may link commits: those it may write in, or only those
-- among them that show the repository, if there are any.
create function logic.writable_commit_workflows(who logic.principal, repository text) returns text[] language sql stable
begin atomic
    with
    -- What the caller may write in.
    mine as (
        select w.id, w.repository_path
          from workflow_members m join workflows w on w.id = m.workflow_id
         where m.actor_id = (who).actor_id and m.role <> 'viewer' and w.archived_at is null and w.ticket_tracking
    ),
    -- Those that show the repository.
    showing as (select mine.id from mine where logic.repository_name(mine.repository_path) = logic.repository_name(repository))
    select coalesce(array_agg(mine.id), '{}') from mine
     where mine.id in (select showing.id from showing) or not exists (select from showing);
end;

-- Refuses commits that break a rule, naming where.
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

-- POST /api/internal/commits: links each commit to the tickets that its message refers to. Told again it
-- changes nothing and tells nobody. Without a workflow, a key means the ticket that the caller may write to;
-- where several of its workflows have one, that of its default workflow, or none. A reference to a ticket that
-- was merged means its original. Commits that a rewritten one replaces are unlinked where a reference had linked
-- them, unless it is not clear what the new message refers to.
create function logic.link_referenced_commits(caller text, commits jsonb, workflow text default null, repository text default null)
returns jsonb language plpgsql as $$
declare
    who logic.principal := logic.identify_caller(caller);
    mine text[];
    chosen text;
    meant jsonb;
    fresh jsonb;
    links jsonb;
begin
    if workflow is not null then
        who := logic.authorize(caller, workflow, 'member');
        perform logic.require_open_workflow(workflow);
        mine := array[workflow];
    else
        perform logic.require_scope(who, 'write');
        perform logic.set_audit_actor(who);
        if char_length(repository) > 500 then
            perform logic.fail_invalid('repository', 'must have at most 500 characters');
        end if;
        mine := logic.writable_commit_workflows(who, repository);
        chosen := (select d.workflow_id from default_workflows d where d.actor_id = who.actor_id and d.workflow_id = any (mine));
    end if;
    perform logic.check_commits(commits);
    -- Until we are done nobody merges or deletes what is meant.
    perform logic.lock_workflow_streams((
        select array_agg(distinct t.workflow_id)
          from jsonb_array_elements(commits) c
         cross join unnest(logic.commit_references(c ->> 'message')) r (number)
          join tickets t on t.number = r.number and t.workflow_id = any (mine)));

    with
    -- Every reference of every commit, in order.
    referred as (
        select c.place, r.first, c.commit, lower(c.commit ->> 'sha') as sha, r.number
          from jsonb_array_elements(commits) with ordinality c (commit, place)
         cross join unnest(logic.commit_references(c.commit ->> 'message')) with ordinality r (number, first)
    ),
    -- The tickets that have one of these numbers; of merged ones the originals.
    candidates as (
        select distinct n.number, coalesce(o.id, t.id) as ticket_id, t.workflow_id
          from (select distinct r.number from referred r) n
          join tickets t on t.number = n.number and t.workflow_id = any (mine) and t.deleted_at is null
          left join tickets o on o.id = t.merged_into_ticket_id
         where t.merged_into_ticket_id is null or logic.is_live(o)
    ),
    -- How many there are of each number, and which is meant.
    chosen_ones as (
        select c.number, count(*) as several,
               coalesce(min(c.ticket_id) filter (where c.workflow_id = chosen), min(c.ticket_id)) as ticket_id,
               count(*) = 1 or bool_or(c.workflow_id = chosen) as clear
          from candidates c group by c.number
    )
    select coalesce(jsonb_agg(jsonb_build_object(
                'link', r.commit - '{replaces}'::text[] || jsonb_build_object('sha', r.sha, 'ticket_id', t.id, 'workflow_id', t.workflow_id),
                'commit_sha', r.sha, 'ticket_id', t.id, 'ticket_key', 'TKT-' || t.number, 'workflow_id', t.workflow_id,
                'reference', 'TKT-' || r.number,
                'reason', case when t.id is not null then null when x.several > 1 then 'several_workflows' else 'not_found' end)
            order by r.place, r.first), '[]') into meant
      from referred r
      left join chosen_ones x on x.number = r.number
      left join tickets t on t.id = x.ticket_id and x.clear;

    select coalesce(jsonb_agg(m -> 'link'), '[]') into links from jsonb_array_elements(meant) m where m ->> 'ticket_id' is not null;
    select coalesce(jsonb_object_agg(i.ticket || ' ' || i.sha, true), '{}') into fresh
      from logic.insert_commits(who, links, 'reference') i;
    delete from ticket_commits m
     where m.link_method = 'reference' and m.workflow_id = any (mine)
       and m.commit_sha in (select lower(r.sha) from jsonb_array_elements(commits) c
                             cross join jsonb_array_elements_text(case jsonb_typeof(c -> 'replaces') when 'array' then c -> 'replaces' else '[]' end) r (sha)
                             where lower(r.sha) <> lower(c ->> 'sha')
                               and not exists (select from jsonb_array_elements(meant) a
                                                where a ->> 'commit_sha' = lower(c ->> 'sha') and a ->> 'reason' = 'several_workflows'));

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
                  from jsonb_array_elements(meant) m) l);
end
$$;
