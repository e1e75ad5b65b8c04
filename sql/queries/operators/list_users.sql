-- Every person with an account; no parameters.
select logic.list_users()
