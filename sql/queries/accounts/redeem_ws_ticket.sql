-- Uses up a ticket. $1 hash.
select coalesce(logic.redeem_ws_ticket($1), 'null')
