-- How the work goes, told by whoever runs it elsewhere.
-- Parameters: $1 caller, $2 job, $3 status, $4 message.
select logic.set_adw_status($1, $2, $3, $4)
