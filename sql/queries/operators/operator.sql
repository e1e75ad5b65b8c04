-- $1 actor id or e-mail address, or null for whoever runs this installation
select to_jsonb(logic.resolve_operator($1))
