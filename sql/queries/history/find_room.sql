-- The room that a caller means by a name in which a ticket may stand by its key, or by none.
-- $1 caller, $2 the room's name or null
select logic.resolve_room($1, $2)
