-- Lets a finished model serve, and removes vectors of retired ones.
select logic.maintain_embedding_models()
