-- The models whose vectors are wanted, the one that serves first.
select logic.embedding_models_in_use()
