-- Addresses for the clients of other systems: what all of them need.

-- The workflow of a listener's service for requests that name none: the one that was made for its clients, also when the service
-- becomes a member of others. Another one that it uses already stays. For operators.
create function logic.set_listener_workflow(service text, workflow text) returns jsonb language plpgsql as $$
begin
    insert into default_workflows (actor_id, workflow_id)
    select m.actor_id, m.workflow_id from workflow_members m
     where m.actor_id = service and m.workflow_id = set_listener_workflow.workflow
    on conflict (actor_id) do nothing;
    return to_jsonb(found);
end
$$;
