-- What the kept history begins with: the state of each ticket and of the board where the pruned part ends
-- (streams.pruned_seq), so that boards of later moments can still be replayed. Written by logic.prune_history.
create table history_bases (
    stream_id text collate "C" not null references streams (stream_id) on delete cascade,
    -- The ticket's id, or 'board' for the board's configuration.
    subject text collate "C" not null,
    state jsonb not null,
    primary key (stream_id, subject)
);
