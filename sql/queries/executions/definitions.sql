-- Boards that work can be begun from.
-- Parameters: $1 caller.
select logic.list_definitions($1)
