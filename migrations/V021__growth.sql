-- Costs that do not grow with what is over: counting and showing columns, claiming, and lists over all workflows.

-- Boards, counts and ranks read the tickets of a column that are neither deleted nor merged: with both in the predicate they
-- are counted from the index alone. One transaction per migration rules out concurrent builds; 100,000 tickets take a fifth
-- of a second.
-- squawk-ignore require-concurrent-index-creation
create index tickets_on_board on tickets (workflow_id, status, rank, number)
    where deleted_at is null and merged_into_ticket_id is null;
-- squawk-ignore require-concurrent-index-deletion
drop index tickets_by_column;

-- A ticket's commits in pages.
-- squawk-ignore require-concurrent-index-creation
create index ticket_commits_by_ticket on ticket_commits (ticket_id, linked_at, id);

-- Open work apart from what is done: claims take the first ticket of a priority in a column, and lists of open tickets do not
-- read the resolved ones.
-- squawk-ignore require-concurrent-index-creation
create index tickets_open on tickets (workflow_id, status, priority, rank, number)
    where deleted_at is null and merged_into_ticket_id is null and not is_resolved;
