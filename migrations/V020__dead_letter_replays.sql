-- Until when a dead letter is being sent again, so that two requests do not send it twice; null or past otherwise.
alter table webhook_dead_letters add column replaying_until timestamptz;
