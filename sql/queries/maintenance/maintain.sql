-- What a server does every hour.
-- Parameters: $1 history_months.
select logic.maintain(history_months => $1)
