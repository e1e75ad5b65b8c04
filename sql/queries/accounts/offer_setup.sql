-- Keeps a set-up link. $1 hash.
select logic.offer_setup($1)
