-- What a server does every hour.
-- Parameters: $1 history_months.
select logic.run_maintenance(history_months => $1)
