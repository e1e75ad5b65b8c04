-- Numbers of tickets: 1, 2, 3… in a workflow.

-- Reserves consecutive numbers; returns the one before the first, null if there is no such workflow. The counter is locked and
-- updated as logic.lock_stream says, for the same reason.
create function logic.reserve_ticket_numbers(workflow text, wanted bigint) returns bigint language plpgsql
set enable_sort = off as $$
declare
    place tid;
    last_reserved bigint;
begin
    select c.ctid into place from ticket_counters c
     where c.workflow_id >= workflow and c.workflow_id <= workflow
     order by c.workflow_id desc limit 1 for no key update;
    update ticket_counters c set last_number = c.last_number + wanted
     where c.ctid = place and c.workflow_id = workflow returning c.last_number into last_reserved;
    return last_reserved - wanted;
end
$$;
