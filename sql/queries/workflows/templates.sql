-- The boards a new workflow can start from.
select logic.board_templates()
