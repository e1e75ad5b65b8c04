-- $1 caller, $2 commits (jsonb), $3 workflow or null, $4 repository or null
select logic.link_referenced_commits($1, $2, $3, $4)
