-- Imports of files over the network, and imports that are only tried.

-- POST /api/workflows/{id}/import: the same for an owner over the network, who may name members only, and adds nobody.
create function logic.import_file(caller text, workflow text, items jsonb, update_existing boolean, dry_run boolean, milestones jsonb default '[]') returns jsonb language plpgsql as $$
declare
    stranger text;
begin
    perform logic.authorize(caller, workflow, 'owner');
    stranger := (
        select p.id
          from (select i.author as id from logic.import_items(items) i union select i.assignee from logic.import_items(items) i
                union select c ->> 'author' from logic.import_items(items) i cross join lateral jsonb_array_elements(i.comments) c) p
         where p.id is not null
           and not exists (select from workflow_members m where m.workflow_id = import_file.workflow and m.actor_id = p.id)
         order by p.id limit 1);
    if stranger is not null then
        perform logic.fail_invalid('mapping.people', format('must name members of the workflow; %s is none', stranger));
    end if;
    if dry_run then
        return logic.try_import(caller, workflow, items, '[]', update_existing, milestones);
    end if;
    return logic.import_tickets(caller, workflow, items, '[]', update_existing, milestones);
end
$$;

-- What logic.import_tickets would answer. It runs and is undone, so that the answer is exact; it holds the same locks meanwhile.
create function logic.try_import(caller text, named text, items jsonb, people jsonb, update_existing boolean, milestones jsonb default '[]')
returns jsonb language plpgsql as $$
declare
    answer jsonb;
begin
    begin
        answer := logic.import_tickets(caller, named, items, people, update_existing, milestones);
        raise exception 'undo' using errcode = 'triggered_action_exception';
    exception when triggered_action_exception then
        null;
    end;
    return answer;
end
$$;

-- GET /api/workflows/{id}/import: how far the running import is, as logic.find_import_progress; `progress` is null without one.
create function logic.get_import_progress(caller text, workflow text) returns jsonb language plpgsql as $$
begin
    perform logic.authorize(caller, workflow, 'owner');
    return jsonb_build_object('progress', logic.find_import_progress(workflow));
end
$$;

-- How many of the refs are tickets of the workflow already.
create function logic.count_imported(caller text, workflow text, refs text[]) returns jsonb language plpgsql as $$
begin
    perform logic.authorize(caller, workflow, 'owner');
    return to_jsonb((select count(*) from tickets t where t.workflow_id = workflow and t.external_ref = any (refs)));
end
$$;
