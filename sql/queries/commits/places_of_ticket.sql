-- $1 caller, $2 ticket, $3 commit sha
select logic.find_ticket_commit_repositories($1, $2, $3)
