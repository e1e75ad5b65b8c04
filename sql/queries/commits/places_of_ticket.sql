-- $1 caller, $2 ticket, $3 commit sha
select logic.ticket_commit_places($1, $2, $3)
