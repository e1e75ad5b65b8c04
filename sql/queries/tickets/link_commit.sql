-- Links a commit to a ticket.
-- Parameters: $1 caller, $2 ticket, $3 commit_sha, $4 commit_message, $5 git.
select logic.link_commit(
    caller => $1,
    ticket => $2,
    commit_sha => $3,
    commit_message => $4,
    git => $5)
