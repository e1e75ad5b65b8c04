-- Lets a finished model serve, and removes vectors of retired ones.
select logic.tend_embeddings()
