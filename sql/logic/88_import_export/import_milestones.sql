-- Milestones of imports. One that is known is found by the name that the source gave it, so that it may be renamed here.

-- The milestone of an imported name; none if there is none.
create function logic.imported_milestone(workflow text, named text) returns text language sql stable
begin atomic
    select m.id from milestones m
     where m.workflow_id = imported_milestone.workflow
       and (lower(m.imported ->> 'name') = lower(named) or lower(m.name) = lower(logic.trim_whitespace(named)))
     order by lower(m.imported ->> 'name') is not distinct from lower(named) desc, m.id limit 1;
end;

-- The milestones that the items are in, as rows: [{name, description, starts_at, due_at, is_closed, closed_at}]. Days are those of the
-- workflow.
create function logic.import_milestone_rows(workflow text, milestones jsonb, items jsonb)
returns table (name text, description text, starts_on date, due_on date, is_closed boolean, closed_at timestamptz, said jsonb)
language sql stable
begin atomic
    with
    -- One row a name.
    read as (
        select distinct on (lower(m.name)) logic.trim_whitespace(m.name) as name, coalesce(m.description, '') as description,
               (m.starts_at at time zone w.time_zone)::date as starts_on,
               (m.due_at at time zone w.time_zone)::date as due_on,
               m.is_closed, least(m.closed_at, now()) as closed_at
          from jsonb_to_recordset(import_milestone_rows.milestones) m (
               name text, description text, starts_at timestamptz, due_at timestamptz, is_closed boolean, closed_at timestamptz)
          join workflows w on w.id = import_milestone_rows.workflow
         where lower(m.name) in (select lower(i.milestone) from logic.import_items(import_milestone_rows.items) i)
           -- A name that shows nothing is none.
           and logic.content_length(m.name) > 0
         order by lower(m.name)
    )
    select r.name, r.description, r.starts_on, r.due_on, r.is_closed, r.closed_at,
           jsonb_build_object('name', r.name, 'description', r.description, 'starts_on', r.starts_on, 'due_on', r.due_on, 'is_closed', r.is_closed)
      from read r;
end;

-- Adds the milestones that the workflow lacks. An update takes over what the source changed since the last import and what did not
-- change here, value by value. The name stays as it is here. Lock order: the stream, which the import holds, then milestones.
create function logic.import_milestones(workflow text, importer text, milestones jsonb, items jsonb, update_existing boolean) returns jsonb
language plpgsql as $$
declare
    limit_reached constant bigint := logic.max_milestones();
    one record;
    row public.milestones;
    wanted public.milestones;
    made bigint := 0;
    changed bigint := 0;
begin
    for one in select * from logic.import_milestone_rows(workflow, milestones, items) loop
        select * into row from public.milestones m where m.id = logic.imported_milestone(workflow, one.name);
        if row.id is null then
            if (select count(*) from public.milestones m where m.workflow_id = workflow) >= limit_reached then
                perform logic.fail('conflict', format('The milestone %s cannot be imported: a workflow has at most %s; delete some first.',
                    one.name, limit_reached));
            end if;
            insert into public.milestones (id, workflow_id, name, description, starts_on, due_on, closed_at, created_by, imported)
            values (logic.new_id('milestone'), workflow, one.name, one.description, one.starts_on, one.due_on,
                    case when one.is_closed then coalesce(one.closed_at, now()) end, importer, one.said);
            made := made + 1;
        elsif update_existing and row.imported is not null then
            wanted := row;
            if one.description <> row.imported ->> 'description' and row.description = row.imported ->> 'description' then
                wanted.description := one.description;
            end if;
            if one.starts_on is distinct from (row.imported ->> 'starts_on')::date and row.starts_on is not distinct from (row.imported ->> 'starts_on')::date then
                wanted.starts_on := one.starts_on;
            end if;
            if one.due_on is distinct from (row.imported ->> 'due_on')::date and row.due_on is not distinct from (row.imported ->> 'due_on')::date then
                wanted.due_on := one.due_on;
            end if;
            -- Sources that do not say whether it is closed leave it.
            if one.is_closed is distinct from (row.imported ->> 'is_closed')::boolean
               and (row.closed_at is not null) = coalesce((row.imported ->> 'is_closed')::boolean, false) then
                wanted.closed_at := case when one.is_closed then coalesce(one.closed_at, now()) when one.is_closed is null then row.closed_at end;
            end if;
            if wanted.starts_on > wanted.due_on then
                wanted.starts_on := null;
            end if;
            if wanted is distinct from row then
                -- What is kept as it is here still counts as changed there, as for tickets.
                update public.milestones m set description = wanted.description, starts_on = wanted.starts_on, due_on = wanted.due_on,
                       closed_at = wanted.closed_at,
                       imported = row.imported
                           || case when wanted.description = one.description then jsonb_build_object('description', one.description) else '{}' end
                           || case when wanted.starts_on is not distinct from one.starts_on then jsonb_build_object('starts_on', one.starts_on) else '{}' end
                           || case when wanted.due_on is not distinct from one.due_on then jsonb_build_object('due_on', one.due_on) else '{}' end
                           || case when (wanted.closed_at is not null) = one.is_closed then jsonb_build_object('is_closed', one.is_closed) else '{}' end
                 where m.id = row.id;
                changed := changed + 1;
            end if;
        end if;
    end loop;
    return jsonb_build_object('milestones', made, 'milestones_updated', changed);
end
$$;
