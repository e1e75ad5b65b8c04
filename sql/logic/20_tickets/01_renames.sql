-- Renamed columns. The foreign key carries the new id into the tickets, which looks like a move to their triggers.

-- Whether this transaction renames columns. Cheaper than the function below, and false in nearly all transactions.
create function logic.renames_columns() returns boolean language sql stable
begin atomic
    select coalesce(current_setting('callboard.renamed_columns', true), '') <> '';
end;

-- Whether a change of status is the renaming of its column: the trigger of board_columns notes it for the transaction, and
-- the old column is gone.
create function logic.is_column_rename(workflow text, old_status text, new_status text) returns boolean language plpgsql stable as $$
declare
    noted constant text := current_setting('callboard.renamed_columns', true);
begin
    if coalesce(noted, '') = '' then
        return false;
    end if;
    return coalesce(noted::jsonb ->> (workflow || ' ' || old_status) = new_status, false)
       and not exists (select from board_columns c where c.workflow_id = workflow and c.id = old_status);
end
$$;

-- BEFORE UPDATE of board_columns, by row: notes a new id, before the foreign keys of the column's tickets follow.
create function logic.column_before_update() returns trigger language plpgsql as $$
begin
    if new.id <> old.id then
        perform set_config('callboard.renamed_columns',
            (coalesce(nullif(current_setting('callboard.renamed_columns', true), '')::jsonb, '{}')
             || jsonb_build_object(old.workflow_id || ' ' || old.id, new.id))::text, true);
    end if;
    return new;
end
$$;
