-- Keeps a set-up link. $1 hash.
select logic.create_setup_link($1)
