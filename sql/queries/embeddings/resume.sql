-- Lets tickets be tried at once that failed a few times while the provider did not work.
-- Parameters: $1 model.
select to_jsonb(logic.resume_embeddings(model => $1))
