-- Forgets what ended long ago.
select logic.tidy_accounts()
