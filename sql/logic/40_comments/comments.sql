-- Comments and reactions.

-- A comment as answers and events show it. A reaction names the first hundred actors and counts all.
create function logic.comment_json(id text) returns jsonb language sql stable
begin atomic
    select jsonb_build_object(
        'comment_id', c.id, 'ticket_id', c.ticket_id, 'agent_id', c.agent_id, 'agent_name', a.name,
        'comment_text', c.comment_text, 'comment_type', c.comment_type, 'parent_id', c.parent_id,
        'mentions', c.mentions, 'attachments', c.attachments, 'is_edited', c.is_edited,
        'created_at', c.created_at, 'updated_at', c.updated_at,
        'reactions', coalesce((
            select jsonb_agg(jsonb_build_object('emoji', r.emoji, 'count', r.n, 'agent_ids', r.ids) order by r.first)
              from (select x.emoji, count(*) as n, (array_agg(x.actor_id order by x.created_at))[:100] as ids, min(x.created_at) as first
                      from comment_reactions x where x.comment_id = c.id group by x.emoji) r), '[]'))
      from ticket_comments c
      left join actors a on a.id = c.agent_id
     where c.id = comment_json.id;
end;

-- The ids of agents (@name) and tickets (#TKT-1) that a text mentions; unknown ones are left out.
create function logic.find_mentions(workflow text, comment_text text) returns text[] language sql stable
begin atomic
    with
    -- Every @word and #TKT-n of the text, in order.
    words as (
        select m.word[1] as word, m.place
          from regexp_matches(comment_text, '(?:^|[^[:alnum:]_])(@[[:alnum:]][[:alnum:]_./:-]*|#?TKT-[0-9]{1,15})', 'gi') with ordinality m (word, place)
         limit 200
    ),
    -- The actor or ticket that each of them names.
    named as (
        select w.place, case when w.word like '@%'
            then (select a.id from actors a
                   where a.id in (substr(w.word, 2), rtrim(substr(w.word, 2), '.:/-'))
                     -- Only who belongs to the workflow can be mentioned, so that a mention does not reveal who exists.
                     and case when a.kind <> 'user' then logic.is_agent_of_workflow(find_mentions.workflow, a.id)
                              else exists (select from workflow_members m where m.workflow_id = find_mentions.workflow and m.actor_id = a.id) end
                   order by length(a.id) desc limit 1)
            else (select t.id from tickets t where t.workflow_id = find_mentions.workflow
                     and t.number = regexp_replace(w.word, '[^0-9]', '', 'g')::bigint) end as id
          from words w
    )
    select coalesce((select array_agg(d.id order by d.first)
                       from (select n.id, min(n.place) as first from named n where n.id is not null group by n.id) d), '{}');
end;

-- Writes a comment; requests write comments only through this function.
create function logic.insert_comment(
    who logic.principal, ticket text, workflow text, comment_text text, comment_type text default 'general',
    mentions text[] default null, attachments text[] default null, parent text default null, field text default 'comment_text'
) returns text language plpgsql as $$
declare
    tid text := logic.new_id('comment');
begin
    if logic.is_blank(comment_text) then
        perform logic.fail_invalid(field, 'must not be empty');
    end if;
    if char_length(comment_text) > 100000 then
        perform logic.fail_invalid(field, 'must have at most 100000 characters');
    end if;
    if comment_type not in ('general', 'status_change', 'assignment', 'blocker', 'resolution', 'clarification', 'system') then
        perform logic.fail_invalid('comment_type', 'must be one of general, status_change, assignment, blocker, resolution, clarification, system');
    end if;
    perform logic.check_list_limits('mentions', mentions, 100, 200);
    perform logic.check_list_limits('attachments', attachments, 50, 2000);
    if exists (select from unnest(attachments) a where regexp_replace(a, '[[:cntrl:][:space:]]', '', 'g') ~* '^(javascript|data|vbscript):') then
        perform logic.fail_invalid('attachments', 'must be links or file paths');
    end if;
    if parent is not null and not exists (
        select from ticket_comments c where c.id = parent and c.ticket_id = ticket and c.deleted_at is null) then
        perform logic.fail_invalid('parent_id', 'must name a comment of the same ticket');
    end if;
    insert into ticket_comments (id, ticket_id, workflow_id, agent_id, parent_id, comment_text, comment_type, mentions, attachments)
    values (tid, ticket, workflow, logic.effective_actor_id(who), parent, comment_text, coalesce(comment_type, 'general'),
            logic.normalize_list(coalesce(mentions, '{}') || logic.find_mentions(workflow, comment_text)), coalesce(logic.normalize_list(attachments), '{}'));
    return tid;
end
$$;

-- POST /api/tickets/comment
create function logic.add_comment(
    caller text, ticket text, comment_text text, comment_type text default null, mentions text[] default null,
    attachments text[] default null, parent text default null
) returns jsonb language plpgsql as $$
declare
    access constant logic.ticket_access := logic.authorize_ticket(caller, ticket, 'member');
    who constant logic.principal := access.who;
    tid constant text := access.ticket_id;
begin
    perform logic.require_open_workflow(access.workflow_id);
    return jsonb_build_object('success', true,
        'comment_id', logic.insert_comment(who, tid, access.workflow_id, comment_text, comment_type, mentions, attachments, parent),
        'ticket_id', tid, 'message', 'Commented.');
end
$$;

-- The caller that was checked, and the comment.
create type logic.comment_access as (who logic.principal, comment ticket_comments);

-- The comment, if the caller is a member of its workflow and tickets there can change.
create function logic.authorize_comment(caller text, comment text) returns logic.comment_access language plpgsql as $$
declare
    access logic.comment_access;
    found_comment ticket_comments;
begin
    select c.* into found_comment from ticket_comments c join tickets t on t.id = c.ticket_id
     where c.id = comment and c.deleted_at is null and t.deleted_at is null;
    access.who := logic.authorize(caller, found_comment.workflow_id, 'member', 'comment ' || comment);
    perform logic.require_open_workflow(found_comment.workflow_id);
    access.comment := found_comment;
    return access;
end
$$;

-- The comment, if the caller may change it: its author or an owner of the workflow.
create function logic.authorize_comment_change(caller text, comment text) returns logic.comment_access language plpgsql as $$
declare
    access constant logic.comment_access := logic.authorize_comment(caller, comment);
    who constant logic.principal := access.who;
    row constant ticket_comments := access.comment;
begin
    if row.agent_id is distinct from logic.effective_actor_id(who) and row.agent_id is distinct from who.actor_id and who.role <> 'owner' then
        perform logic.fail('forbidden', 'Only its author or an owner of the workflow may change a comment.');
    end if;
    return access;
end
$$;

-- PATCH /api/comments/{id}
create function logic.edit_comment(caller text, comment text, comment_text text) returns jsonb language plpgsql as $$
declare
    row constant ticket_comments := (logic.authorize_comment_change(caller, comment)).comment;
begin
    if logic.is_blank(edit_comment.comment_text) then
        perform logic.fail_invalid('comment_text', 'must not be empty');
    end if;
    update ticket_comments c set comment_text = edit_comment.comment_text, is_edited = true, updated_at = clock_timestamp(),
           mentions = logic.find_mentions(c.workflow_id, edit_comment.comment_text)
     where c.id = row.id and c.comment_text <> edit_comment.comment_text;
    return logic.comment_json(row.id);
end
$$;

-- DELETE /api/comments/{id}: soft delete; the text stays in history.
create function logic.delete_comment(caller text, comment text) returns jsonb language plpgsql as $$
declare
    row constant ticket_comments := (logic.authorize_comment_change(caller, comment)).comment;
begin
    update ticket_comments c set deleted_at = clock_timestamp() where c.id = row.id;
    return jsonb_build_object('success', true, 'comment_id', row.id, 'ticket_id', row.ticket_id, 'message', 'Deleted the comment.');
end
$$;

-- PUT and DELETE /api/comments/{id}/reactions/{emoji}
create function logic.set_reaction(caller text, comment text, emoji text, present boolean) returns jsonb language plpgsql as $$
declare
    access constant logic.comment_access := logic.authorize_comment(caller, comment);
    row constant ticket_comments := access.comment;
    author constant text := logic.effective_actor_id(access.who);
begin
    if char_length(emoji) not between 1 and 16 or emoji ~ '[[:space:][:cntrl:]]' or logic.trim_whitespace(emoji) <> emoji then
        perform logic.fail_invalid('emoji', 'must have 1 to 16 characters, none of them blank');
    end if;
    if present then
        insert into comment_reactions (comment_id, actor_id, emoji, workflow_id)
        values (row.id, author, set_reaction.emoji, row.workflow_id)
        on conflict do nothing;
    else
        delete from comment_reactions r where r.comment_id = row.id and r.actor_id = author and r.emoji = set_reaction.emoji;
    end if;
    return logic.comment_json(row.id);
end
$$;
