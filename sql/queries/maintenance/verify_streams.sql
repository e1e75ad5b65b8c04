-- Whether every stream is whole; no parameters.
select logic.verify_streams()
