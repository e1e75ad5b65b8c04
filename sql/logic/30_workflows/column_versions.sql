-- What columns are and were called: reports name a column by its present id also where history has an earlier one.
-- Lock order: the row of the column, held already; then its versions.

-- AFTER INSERT, UPDATE or DELETE of board_columns, by row: ends the present version and begins the next one. A column that comes
-- back under the id of a removed one is the same column.
create function logic.column_versioned() returns trigger language plpgsql as $$
declare
    workflow constant text := coalesce(new.workflow_id, old.workflow_id);
    key bigint;
begin
    if tg_op = 'UPDATE' and (new.id, new.name, new.category) is not distinct from (old.id, old.name, old.category) then
        return null;
    end if;
    if tg_op <> 'INSERT' then
        update board_column_versions v set valid_to = clock_timestamp()
         where v.workflow_id = workflow and v.id = old.id and v.valid_to is null
        returning v.column_key into key;
    end if;
    if tg_op <> 'DELETE' then
        key := coalesce(key,
            (select v.column_key from board_column_versions v
              where v.workflow_id = workflow and v.id = new.id
                and not exists (select from board_column_versions o where o.workflow_id = workflow and o.column_key = v.column_key and o.valid_to is null)
              order by v.valid_from desc limit 1),
            (select coalesce(max(v.column_key), 0) + 1 from board_column_versions v where v.workflow_id = workflow));
        insert into board_column_versions (workflow_id, column_key, id, name, category)
        values (workflow, key, new.id, new.name, new.category);
    end if;
    return null;
end
$$;

create trigger column_versioned after insert or update or delete on board_columns
    for each row when (coalesce(current_setting('callboard.archive', true), '') <> 'on')
    execute function logic.column_versioned();
