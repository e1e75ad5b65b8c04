-- Lets tickets that failed be tried again at once.
select to_jsonb(logic.retry_embeddings())
