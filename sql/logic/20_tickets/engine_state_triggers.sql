-- A ticket that moves leaves the state behind that an engine gave it and its board has no column for.
-- Lock order: none; only the row that is updated changes.

-- BEFORE UPDATE, by row.
create function logic.forget_engine_state() returns trigger language plpgsql as $$
begin
    new.custom_fields := nullif(new.custom_fields - 'engine_state', '{}');
    return new;
end
$$;

create trigger engine_state_before_update before update of status on tickets for each row
    when (old.status <> new.status and new.custom_fields ? 'engine_state')
    execute function logic.forget_engine_state();
