-- $1 caller, $2 commit sha, $3 workflow or null
select logic.commit_places($1, $2, $3)
