-- Answers to whole requests: every write can carry an idempotency key, whichever functions it calls.

alter table idempotency_keys
    -- The answer of each call that the request made, by function. `response` holds answers stored before this existed.
    add column answers jsonb not null default '{}',
    -- The rights that the caller used, checked again before an answer is repeated.
    add column rights jsonb not null default '{}';
