-- Resolves a ticket and releases what it blocked.
-- Parameters: $1 caller, $2 ticket, $3 resolution_comment, $4 commit_sha, $5 git.
select logic.resolve_ticket(
    caller => $1,
    ticket => $2,
    resolution_comment => $3,
    commit_sha => $4,
    git => $5)
