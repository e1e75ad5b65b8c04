-- Replaces the signing key. $1 kid, $2 secret.
select logic.rotate_signing_key($1, $2)
