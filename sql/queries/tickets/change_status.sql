-- Moves a ticket to another column.
-- Parameters: $1 caller, $2 ticket, $3 new_status, $4 comment, $5 commit_sha, $6 version, $7 before, $8 after, $9 git.
select logic.change_status(
    caller => $1,
    ticket => $2,
    new_status => $3,
    comment => $4,
    commit_sha => $5,
    version => $6,
    before => $7,
    after => $8,
    git => $9)
