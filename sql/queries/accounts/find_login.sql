-- The account of an e-mail, or null. $1 e-mail.
select coalesce(logic.find_login_account($1), 'null')
