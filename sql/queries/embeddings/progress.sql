-- How far each model is.
select logic.embedding_progress()
