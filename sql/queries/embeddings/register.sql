-- Makes a model known: its index, and all tickets in its queue; answers its id.
-- Parameters: $1 name, $2 dimensions.
select to_jsonb(logic.register_embedding_model(model_name => $1, model_dimensions => $2))
