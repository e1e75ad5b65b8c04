-- Ends a job with success.
-- Parameters: $1 caller, $2 job, $3 token, $4 result, $5 commit_sha, $6 commit_message, $7 resolution_comment, $8 app, $9 git.
select logic.complete_job(
    caller => $1,
    job => $2,
    token => $3,
    result => $4,
    commit_sha => $5,
    commit_message => $6,
    resolution_comment => $7,
    app => $8,
    git => $9)
