-- Begins a new epoch after a restore; no parameters.
select to_jsonb(logic.record_restore())
