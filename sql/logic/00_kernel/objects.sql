-- JSON objects.

-- All objects in their order as one: later values replace earlier ones of the same name. Replays the fields that events set.
create aggregate logic.merge_objects(jsonb) (sfunc = jsonb_concat, stype = jsonb, initcond = '{}', parallel = safe);
