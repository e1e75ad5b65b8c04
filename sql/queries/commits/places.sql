-- $1 caller, $2 commit sha, $3 workflow or null
select logic.find_commit_repositories($1, $2, $3)
