-- The workflow of requests that name none.

-- The default workflow of a caller that may read: the one it used last, else the only one it is a member of, else
-- null.
create function logic.default_workflow_of(who logic.principal) returns text language plpgsql as $$
declare
    chosen text;
    readable text[];
begin
    perform logic.require_scope(who, 'read');
    select d.workflow_id into chosen
      from default_workflows d
      join workflows w on w.id = d.workflow_id and w.archived_at is null
     where d.actor_id = who.actor_id
       and (who.is_admin or exists (select from workflow_members m where m.workflow_id = d.workflow_id and m.actor_id = who.actor_id));
    if chosen is null then
        readable := array(select w.id from workflow_members m join workflows w on w.id = m.workflow_id
                           where m.actor_id = who.actor_id and w.archived_at is null limit 2);
        chosen := case when cardinality(readable) = 1 then readable[1] end;
    end if;
    return chosen;
end
$$;

-- The same for a caller that is not identified yet.
create function logic.find_default_workflow(caller text) returns text language plpgsql as $$
begin
    return logic.default_workflow_of(logic.identify_caller(caller));
end
$$;

-- The default workflow of a caller that writes: the one it used last; else the only one it may write in; else a new
-- one with the columns that jobs go through.
create function logic.ensure_default_workflow(caller text) returns text language plpgsql as $$
declare
    who logic.principal := logic.identify_caller(caller);
    chosen text;
    writable text[];
begin
    perform logic.require_scope(who, 'write');
    -- Concurrent first calls create one workflow.
    perform pg_advisory_xact_lock(logic.lock_key('default workflow of ' || who.actor_id));
    select d.workflow_id into chosen
      from default_workflows d
      join workflows w on w.id = d.workflow_id and w.archived_at is null
     where d.actor_id = who.actor_id
       and (who.is_admin or exists (select from workflow_members m where m.workflow_id = d.workflow_id
                                      and m.actor_id = who.actor_id and m.role <> 'viewer'));
    if chosen is not null then
        return chosen;
    end if;
    writable := array(select w.id from workflow_members m join workflows w on w.id = m.workflow_id
                       where m.actor_id = who.actor_id and m.role <> 'viewer' and w.archived_at is null limit 2);
    if cardinality(writable) = 1 then
        chosen := writable[1];
    elsif not ('manage' = any (who.scopes) or '*' = any (who.scopes)) then
        perform logic.fail_invalid('workflow_id', 'must be given: this key may not make a workflow of its own, and there is no single one it writes in');
    else
        chosen := logic.create_workflow(caller, 'Jobs of ' || (select left(a.name, 100) from actors a where a.id = who.actor_id),
            'Work that came without naming a workflow.', 'sdlc') ->> 'id';
    end if;
    insert into default_workflows (actor_id, workflow_id) values (who.actor_id, chosen)
    on conflict (actor_id) do update set workflow_id = excluded.workflow_id;
    return chosen;
end
$$;
